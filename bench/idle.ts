// Measures an idle Vakt: memory with both bots connected, CPU time with ten thousand checks, then with a thousand probes more.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chatSettings } from '../src/testing/chats.ts'
import { startDiscord } from '../src/testing/discord/discord.ts'
import { startSlack } from '../src/testing/slack/slack.ts'
import { startServer } from './server.ts'
import type { Row } from './table.ts'

const CHECK_COUNT = 10_000
const PROBE_COUNT = 1_000
/** A probe looks every minute; until then all of them begin. */
const FIRST_PROBES_MS = 15_000
const WARM_UP_MS = 6_000
const MEASURE_MS = 30_000

/** Memory and CPU time of an idle server with Discord and Slack connected. */
export async function benchIdle(): Promise<Row[]> {
  const discord = await startDiscord()
  const slack = await startSlack()
  const vakt = await startServer('src/main.ts', chatSettings({ discord, slack }))
  try {
    await pause(WARM_UP_MS)
    const status = await vakt.command<{ chats: Record<string, { state: string }> }>('status')
    if (Object.values(status.chats).some(chat => chat.state !== 'online')) throw new Error('a chat is not connected')
    const memory = vakt.memory()
    await addChecks(vakt.url, await vakt.command<{ project: { ping_key: string } }>('projects show default'))
    await pause(WARM_UP_MS)
    const before = vakt.cpu()
    await pause(MEASURE_MS)
    const share = (vakt.cpu() - before) / (MEASURE_MS / 1000)
    const probing = await measureProbes(vakt)
    return [
      {
        what: 'memory, both bots connected',
        value: `${Math.round(memory)} MB`,
        goal: 'under 200 MB',
        met: memory < 200,
      },
      {
        what: `CPU for ${CHECK_COUNT} checks`,
        value: `${(share * 100).toFixed(2)} % of a core`,
        goal: 'under 2 %',
        met: share < 0.02,
      },
      {
        what: `CPU for ${CHECK_COUNT} checks and ${PROBE_COUNT} probes a minute`,
        value: `${(probing * 100).toFixed(2)} % of a core`,
        goal: 'under 10 %',
        met: probing < 0.1,
      },
      { what: `memory with ${CHECK_COUNT} checks`, value: `${Math.round(vakt.memory())} MB` },
    ]
  } finally {
    await vakt.stop()
    await discord.close()
    await slack.stop()
  }
}

/** The share of a core with probes of a server on this machine; its own CPU time is that of this process, not Vakt's. */
async function measureProbes(vakt: Awaited<ReturnType<typeof startServer>>): Promise<number> {
  const target = createServer((_, response) => response.end('ok'))
  await new Promise<void>(resolve => target.listen(0, '127.0.0.1', resolve))
  const { port } = target.address() as AddressInfo
  try {
    for (let i = 0; i < PROBE_COUNT; i++)
      await vakt.command(`checks add probe-${i} --probe http://127.0.0.1:${port}/${i} --every 1m --expect ok`)
    await pause(FIRST_PROBES_MS)
    const before = vakt.cpu()
    await pause(MEASURE_MS)
    return (vakt.cpu() - before) / (MEASURE_MS / 1000)
  } finally {
    target.close()
    target.closeAllConnections()
  }
}

async function addChecks(url: string, { project }: { project: { ping_key: string } }): Promise<void> {
  for (let added = 0; added < CHECK_COUNT; added += 100) {
    const urls = Array.from(
      { length: 100 },
      (_, i) => `${url}/ping/${project.ping_key}/job-${added + i}?create=1&period=1h`,
    )
    for (const answer of await Promise.all(urls.map(url => fetch(url)))) {
      if (answer.status !== 201) throw new Error(`a check was answered with ${answer.status}`)
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
