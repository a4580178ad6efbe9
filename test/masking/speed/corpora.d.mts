export declare const corpora: (
  mask: (bytes: Buffer) => { readonly redactions: readonly unknown[] },
  baits: (seed: string) => readonly { readonly text: string }[],
) => Readonly<Record<string, Buffer>>;
