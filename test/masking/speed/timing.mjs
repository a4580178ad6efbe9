/** Speeds of a built masker, to be run by plain Node: what runs the tests changes code so much that it is slower. */

/** Least CPU seconds of one run, of many. */
export const seconds = (run, runs = 25) => {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1e6);
  }
  return best;
};

/** The same for messages so short that one run is not to be measured. */
const perMessage = (bytes, run) => {
  const times = Math.max(1, Math.ceil(500_000 / bytes.length));
  const all = () => {
    for (let i = 0; i < times; i++) run();
  };
  return seconds(all) / times;
};

/** Seconds a message of each kind takes, and those JSON.parse takes. */
export const timings = (mask, messages) =>
  Object.entries(messages).map(([kind, bytes]) => {
    for (let i = 0; i < 40; i++) mask(bytes);
    return {
      kind,
      bytes: bytes.length,
      masked: perMessage(bytes, () => mask(bytes)),
      parsed: perMessage(bytes, () => JSON.parse(bytes.toString('utf8'))),
      hits: mask(bytes).redactions.length,
    };
  });

const document = (input, size) =>
  Buffer.from(JSON.stringify({ content: [{ type: 'text', text: input.repeat(Math.ceil(size / input.length)) }] }));

/** Bytes a second for texts of 128 KB, and how many times as long they take as half of each. */
export const growths = (mask, inputs) =>
  inputs.map((input) => {
    const small = document(input, 65_536);
    const large = document(input, 131_072);
    mask(small);
    const time = seconds(() => mask(large), 5);
    return { input, speed: large.length / time, growth: time / seconds(() => mask(small), 5) };
  });
