// What the examinations of a data folder start from.

/** `vaultKey` and `adminKey` are the settings that replace the files; `now` is epoch ms. */
export type FolderOptions = { dataDir: string; vaultKey: string | null; adminKey: string | null; now: number }
