export declare const ADVERSARIAL: readonly string[];
