/**
 * Runs `start` while a package's own notices on the console are withheld, and only those: oidc-provider warns
 * at import about the version of Node, and has no switch for it. The console is as before afterwards.
 */
export const quietly = async <T>(start: () => Promise<T>): Promise<T> => {
  const { warn, info } = console;
  const without =
    (print: typeof warn): typeof warn =>
    (...parts) => {
      if (!String(parts[0]).includes('oidc-provider ')) print(...parts);
    };
  console.warn = without(warn);
  console.info = without(info);
  try {
    return await start();
  } finally {
    console.warn = warn;
    console.info = info;
  }
};
