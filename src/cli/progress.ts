import cliProgress from 'cli-progress';

export interface Progress {
  /** `label` says what is done now. */
  readonly update: (label: string, done: number, total: number) => void;
  readonly stop: () => void;
}

/** A rate over less than this says nothing, milliseconds. */
const SETTLED_MS = 500;

const clock = (seconds: number): string => {
  const [minutes, rest] = [Math.floor(seconds / 60), Math.ceil(seconds % 60)];
  return rest === 60 ? `${minutes + 1}:00` : `${minutes}:${String(rest).padStart(2, '0')}`;
};

/** How much of how much, how fast, and how long it will take yet: of one label, from when it began. */
export const pace = (done: number, total: number, elapsedMs: number): string => {
  const count = `${done.toLocaleString('en')}/${total.toLocaleString('en')}`;
  if (done === 0 || elapsedMs < SETTLED_MS) return count;
  const perSecond = (done * 1000) / elapsedMs;
  const rate = perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en');
  return `${count}  ${rate}/s  ETA ${clock((total - done) / perSecond)}`;
};

/** A bar on standard error, and nothing where that is no terminal: pipes and logs stay clean. */
export const progress = (interactive: boolean): Progress => {
  if (!interactive) return { update: () => undefined, stop: () => undefined };
  const format = '{label} {bar} {percentage} %  {pace}';
  const bar = new cliProgress.SingleBar(
    { format, barsize: 24, clearOnComplete: true, hideCursor: true, stream: process.stderr },
    cliProgress.Presets.shades_grey,
  );
  bar.start(1, 0, { label: '', pace: '' });
  let current = { label: '', began: 0 };
  return {
    update: (label, done, total) => {
      if (label !== current.label) current = { label, began: performance.now() };
      bar.setTotal(Math.max(total, 1));
      bar.update(done, { label: label.padEnd(12), pace: pace(done, total, performance.now() - current.began) });
    },
    stop: () => bar.stop(),
  };
};
