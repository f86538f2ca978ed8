// A client of another project that sends log lines to a real Vakt: what it needs, and how it is started. A new one is a file here
// and a line in list.ts.
import type { ChildProcess } from 'node:child_process'

/** What a client is given. Lines are `proof line <number>`, from 0; every tenth is an error, the others are info. */
export type Assignment = {
  /** The HTTP address of Vakt, without a final slash. */
  url: string
  /** An intake key. */
  key: string
  /** The ports of Vakt's settings, by their names. */
  ports: Readonly<Record<string, number>>
  lines: number
  /** A folder for the files of the client; its npm packages are in it. */
  folder: string
  /** What its lines begin with (default: `proof line`). */
  mark?: string
}

export type ClientProof = {
  name: string
  /**
   * `answered`: Vakt answers, and the client sends again what was not answered: nothing is lost. `unanswered`: with a kill, what
   * was on its way is lost. `acknowledged`: Vakt answers, but the client may drop what failed; what Vakt answered with success
   * must be there, as a proxy between them remembers it.
   */
  kind: 'answered' | 'unanswered' | 'acknowledged'
  /** Lines that may be there twice after a kill, because the client batches again. */
  maxRepeated?: number
  /** Settings of Vakt that name a port; each gets a free one. */
  portSettings?: readonly string[]
  /** Other settings of Vakt, made in its folder. */
  settings?(folder: string): Readonly<Record<string, string>>
  /** Packages from npm, with their versions. */
  packages?: readonly string[]
  /** Why it cannot run here, or null; it may fetch what it needs. */
  missing?(): string | null
  /** The source and the host that its lines have; null where they have none. */
  source: string | null
  host?: string
  /** Starts the client, which sends all lines. It ends by itself, or is ended once all is there. */
  start(assignment: Assignment): ChildProcess | Promise<ChildProcess>
}
