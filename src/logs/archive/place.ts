// A place for archives, wherever it is: files go there under a key, whole or not at all, and come back.

/** Told while a file is on its way; the work stops with a throw when `signal` is aborted. */
export type Course = { signal: AbortSignal; onBytes: (done: number) => void }

/** Every method rejects with a `Problem`: `busy` when it may help to try again, else what a person must mend. */
export interface ArchivePlace {
  /** For people, such as `s3://logs/vakt`. */
  readonly name: string
  /** Puts a file there, in the place of an earlier one; resolves when it is safe, and its size was checked. */
  put(file: string, key: string, course: Course): Promise<void>
  /** Brings a file back; `not_found` when it is not there. */
  get(key: string, file: string, course: Course): Promise<void>
}
