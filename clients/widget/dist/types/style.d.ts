export declare function dress(root: ShadowRoot): void;
