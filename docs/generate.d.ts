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
