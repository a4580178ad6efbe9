interface ErrorEntry {
  readonly exit: number;
  readonly message: string;
  readonly hint: string;
}
type Exits = Readonly<Record<string, number>>;
type Meanings = Readonly<Record<string, string>>;

export function exitTable(exits: Exits, meanings: Meanings): string;
export function errorsPage(errors: Readonly<Record<string, ErrorEntry>>, exits: Exits, meanings: Meanings): string;
export function schemaPage(schema: object): string;
export function warehousePage(tables: readonly { readonly says: string; readonly sql: string }[]): string;

interface ManifestCommand {
  readonly id: string;
  readonly hidden?: boolean | undefined;
  readonly summary?: string | undefined;
  readonly description?: string | undefined;
  readonly examples?: readonly (string | { readonly command: string; readonly description: string })[] | undefined;
  readonly args: Readonly<Record<string, object>>;
  readonly flags: Readonly<Record<string, object>>;
}
export function commands(root: string): Promise<readonly ManifestCommand[]>;
export function cliPage(commands: readonly ManifestCommand[]): string;
