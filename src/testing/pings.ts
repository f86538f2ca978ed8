// A app with one check, and what a ping of it leaves behind.
import { startApp, type TestAppOptions } from './app.ts'

/** A beat as `checks beats` gives it. */
export type StoredBeat = {
  id: number
  kind: string
  received_at: string
  method: string
  scheme: string
  remote_address: string
  user_agent: string
  exit_status: number | null
  rid: string | null
  duration_ms: number | null
  body_bytes: number
  body: string | null
}

/** Starts a app with the check `job`; `line` is what follows `checks add`. */
export async function startPings(line = 'job', start?: string, environment: TestAppOptions['environment'] = {}) {
  const app = await startApp({ environment, ...(start === undefined ? {} : { start }) })
  const added = await app.hasCheck(line)
  const { project } = await app.result<{ project: { ping_key: string } }>('projects show')
  return {
    app,
    uuid: added.check.uuid,
    key: project.ping_key,
    /** The check as `checks show` gives it. */
    check: (name = 'job') => app.check(name),
    /** Its beats as `checks beats` gives them, newest first. */
    beats: async (name = 'job') =>
      (await app.result<{ beats: StoredBeat[] }>(`checks beats ${name} --limit 100`)).beats,
    /** Pings the check by its uuid; `from` is the address that connects. */
    ping: (suffix = '', init?: RequestInit, from?: string) =>
      app.request(`/ping/${added.check.uuid}${suffix}`, init, from),
    /** How many checks there are. */
    count: async () => (await app.result<{ total: number }>('checks list')).total,
  }
}
