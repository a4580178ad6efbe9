// Live updates: the server says that something changed; the page is read again and its parts replaced.
const say = document.getElementById('say');
// What somebody writes, or is told of the last decision, is not taken away.
const busy = () => {
  const reason = document.querySelector('textarea');
  const told = document.getElementById('problem')?.textContent ?? '';
  return told !== '' || (reason !== null && (reason.value !== '' || reason === document.activeElement));
};
// Another request must not slip under the buttons of the one that somebody has read.
const close = () => {
  for (const button of document.querySelectorAll('main button')) button.disabled = true;
  const told = document.getElementById('problem');
  if (told) told.textContent = 'This request waits no more. Choose another from the list.';
};
// The page of a decision that was not taken has the address of its form.
const place = location.pathname.replace(/\/(approve|deny|revoke)$/, '');
const refresh = async () => {
  const answer = await fetch(place, { headers: { accept: 'text/html' }, redirect: 'manual' });
  if (!answer.ok) return;
  const next = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const replace = (id) => {
    const [old, fresh] = [document.getElementById(id), next.getElementById(id)];
    if (old && fresh && old.innerHTML !== fresh.innerHTML) old.replaceWith(fresh);
  };
  replace('queue');
  replace('tabs');
  const shown = document.getElementById('detail')?.dataset.request;
  if (shown && next.getElementById('detail')?.dataset.request !== shown) close();
  // Unless there is nothing left to decide.
  else if (!busy() || !next.querySelector('textarea')) replace('detail');
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
