export const storeKinds = ['sqlite', 'lowdb', 'memory'] as const;
export type StoreKind = (typeof storeKinds)[number];
