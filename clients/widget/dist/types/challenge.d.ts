export interface Challenge {
    parameters: {
        cost: number;
        keyLength: number;
        keyPrefix: string;
        nonce: string;
        salt: string;
    };
}
/** What the header `Altcha` says; fails, or is nothing, where the browser knows no PBKDF2 (a page without https). */
export declare function solve(challenge: Challenge): Promise<string | undefined>;
