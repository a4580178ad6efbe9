// Live updates: the server says that something changed; the page is read again and its parts replaced.
const say = document.getElementById('say');
const busy = () => {
  const reason = document.querySelector('textarea');
  return reason !== null && (reason.value !== '' || reason === document.activeElement);
};
const refresh = async () => {
  const answer = await fetch(location.pathname, { headers: { accept: 'text/html' }, redirect: 'manual' });
  if (!answer.ok) return;
  const next = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const replace = (id) => {
    const [old, fresh] = [document.getElementById(id), next.getElementById(id)];
    if (old && fresh && old.innerHTML !== fresh.innerHTML) old.replaceWith(fresh);
  };
  replace('queue');
  replace('tabs');
  // What somebody is writing is not taken away, unless there is nothing left to decide.
  if (!busy() || !next.querySelector('textarea')) replace('detail');
  say.textContent = 'The list was updated.';
};
const events = new EventSource('/events');
// What changed before the stream was open, or while it was broken, would be missed otherwise.
events.addEventListener('open', () => void refresh());
events.addEventListener('message', () => void refresh());
setInterval(() => {
  for (const left of document.querySelectorAll('time[data-end]')) {
    const seconds = Math.ceil((Date.parse(left.dateTime) - Date.now()) / 1000);
    if (seconds <= 0) left.textContent = 'ended';
    else if (seconds < 120) left.textContent = `${seconds} s left`;
    else left.textContent = `${Math.floor(seconds / 60)} min left`;
  }
}, 1000);
