import type { Text } from './words.js';
/** Why the server took no vote. */
export interface RefusalWords {
    slow: Text;
    banned: Text;
    refused: Text;
    check: Text;
}
export interface CheckWords {
    looking: string;
    inLog: string;
    withdrawnInLog: string;
    unsealed: string;
    unsigned: string;
    excluded: string;
    newLog: string;
    insecure: string;
    recorded: string;
    mismatch: string;
    absent: string;
    other: string;
    unproven: string;
    forged: string;
    newKey: string;
    unread: string;
}
export type CheckPhrase = keyof CheckWords;
export type LateWords = RefusalWords & CheckWords;
/** The words for a reader of `lang`, and their language; English for an unknown one. */
export declare function wordsFor(lang: string): [string, LateWords];
/** A text in English with its values, for pages that have no other language. */
export declare const english: (key: CheckPhrase, values: Record<string, string | number>) => string;
