import cliProgress from 'cli-progress';

export interface Progress {
  /** `label` says what is done now. */
  readonly update: (label: string, done: number, total: number) => void;
  readonly stop: () => void;
}

/** A bar on standard error, and nothing where that is no terminal: pipes and logs stay clean. */
export const progress = (interactive: boolean): Progress => {
  if (!interactive) return { update: () => undefined, stop: () => undefined };
  const format = '{label} {bar} {percentage} %';
  const bar = new cliProgress.SingleBar(
    { format, barsize: 24, clearOnComplete: true, hideCursor: true, stream: process.stderr },
    cliProgress.Presets.shades_grey,
  );
  bar.start(1, 0, { label: '' });
  return {
    update: (label, done, total) => {
      bar.setTotal(Math.max(total, 1));
      bar.update(done, { label: label.padEnd(12) });
    },
    stop: () => bar.stop(),
  };
};
