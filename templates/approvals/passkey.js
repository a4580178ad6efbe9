// Passkeys: making one on the page of passkeys, and signing an approval with one.
const { startAuthentication, startRegistration } = globalThis.SimpleWebAuthnBrowser;
const tell = (text) => {
  const place = document.getElementById('problem');
  if (place) place.textContent = text;
};
const post = async (path, body) => {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return answer.json();
};
const add = document.getElementById('add');
const make = async ({ csrf }) => {
  try {
    const { options, ceremony, problem } = await post('/passkeys/options', { csrf });
    if (problem) return tell(problem);
    const answer = await startRegistration({ optionsJSON: options });
    const added = await post('/passkeys/add', { csrf, ceremony, answer });
    if (added.problem) return tell(added.problem);
    location.reload();
  } catch {
    tell('The passkey was not made: the browser or the device refused.');
  }
};
add?.addEventListener('click', () => void make(add.dataset));
const sign = async (form, button, signed, options) => {
  try {
    signed.value = JSON.stringify(await startAuthentication({ optionsJSON: JSON.parse(options) }));
    form.requestSubmit(button);
  } catch {
    tell('Not approved: the passkey was not used.');
  }
};
// The form may be replaced by a live update, so the page listens, not the form.
document.addEventListener('submit', (event) => {
  const button = event.submitter;
  const signed = event.target.elements.passkey;
  const options = button?.dataset.passkey;
  if (!options || !signed || signed.value !== '') return;
  event.preventDefault();
  void sign(event.target, button, signed, options);
});
