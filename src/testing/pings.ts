// A house with one check, and what a ping of it leaves behind.
import { startHouse, type TestHouseOptions } from './app.ts'

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

/** Starts a house with the check `job`; `line` is what follows `checks add`. */
export async function startPings(line = 'job', start?: string, environment: TestHouseOptions['environment'] = {}) {
  const house = await startHouse({ environment, ...(start === undefined ? {} : { start }) })
  const added = await house.hasCheck(line)
  const { project } = await house.result<{ project: { ping_key: string } }>('projects show')
  return {
    house,
    uuid: added.check.uuid,
    key: project.ping_key,
    /** The check as `checks show` gives it. */
    check: (name = 'job') => house.check(name),
    /** Its beats as `checks beats` gives them, newest first. */
    beats: async (name = 'job') =>
      (await house.result<{ beats: StoredBeat[] }>(`checks beats ${name} --limit 100`)).beats,
    /** Pings the check by its uuid; `from` is the address that connects. */
    ping: (suffix = '', init?: RequestInit, from?: string) =>
      house.request(`/ping/${added.check.uuid}${suffix}`, init, from),
    /** How many checks there are. */
    count: async () => (await house.result<{ total: number }>('checks list')).total,
  }
}
