// Holds what people and scripts are answered, word for word: each transcript is played, and its answers must be those written there.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import type { TestApp } from '../../src/testing/app.ts'
import { openStoreInFolder } from '../../src/testing/log-store.ts'
import { createFakeHost } from '../../src/testing/ssh/fake-host.ts'
import { startSshServer } from '../../src/testing/ssh/ssh-server.ts'
import { playTranscript, type TranscriptOptions } from '../../src/testing/transcript.ts'

const FOLDER = import.meta.dirname
const START = '2026-11-28T02:00:00Z'
const closed: (() => Promise<void>)[] = []

afterEach(() => vi.restoreAllMocks())
afterAll(() => Promise.all(closed.map(close => close())))

/** What a transcript needs beside the app, by its name. */
const WITH: Record<string, () => Promise<TranscriptOptions>> = {
  async 'logs.txt'() {
    const { store, close } = await openStoreInFolder()
    closed.push(close)
    // A search leaves its chart out when two seconds are over; here they never are.
    vi.spyOn(performance, 'now').mockReturnValue(performance.now())
    return { store }
  },
  async 'hosts.txt'() {
    const machine = createFakeHost(() => Date.parse(START))
    machine.has('nginx')
    machine.has('worker', { state: 'exited', exitCode: 1, finishedAt: Date.parse(START) })
    const server = await startSshServer({ run: execution => machine.run(execution) })
    closed.push(async () => server.close())
    return {
      start: START,
      names: {
        HOST: server.address,
        '"port":<port>': `"port":${server.address.split(':')[1]}`,
        '<fingerprint>': server.fingerprint(),
      },
      further: {
        collect: collectMetrics,
        async machine(_app, changes) {
          Object.assign(machine, JSON.parse(changes))
          return ''
        },
      },
    }
  },
}

// To add an example, write its input; `npx vitest run commands/transcripts -u` writes the answer, which is then read.
it.each(readdirSync(FOLDER).filter(name => name.endsWith('.txt')))('%s is answered so', async name => {
  const file = join(FOLDER, name)
  const options = (await WITH[name]?.()) ?? {}
  await expect(await playTranscript(readFileSync(file, 'utf8'), options)).toMatchFileSnapshot(file)
})

/** 30 seconds pass, and the snapshot of the host is stored. */
async function collectMetrics(app: TestApp): Promise<string> {
  const rounds = () =>
    app.state
      .prepare<[], { n: number }>('select count(distinct at) + (select sum(failures) from hosts) as n from samples')
      .get()!.n
  const before = rounds()
  await app.passes('30s')
  await vi.waitFor(() => expect(rounds()).toBeGreaterThan(before))
  await app.passes('0s')
  return ''
}
