// What one Vakt carries: hosts that it looks at over SSH, and alerts that fire at one moment.
import { setTimeout as sleep } from 'node:timers/promises'
import { chatSettings } from '../src/testing/chats.ts'
import { startDiscord } from '../src/testing/discord/discord.ts'
import { startSlack } from '../src/testing/slack/slack.ts'
import { createFakeHost } from '../src/testing/ssh/fake-host.ts'
import { startSshServer } from '../src/testing/ssh/ssh-server.ts'
import { SECOND } from '../src/time.ts'
import { type Server, startServer } from './server.ts'
import type { Row } from './table.ts'

const HOSTS = 100
const CONTAINERS = 10
/** Two rounds of measurements. */
const MEASURE_MS = 60 * SECOND
const ALERTS = 1_000
/** Alerts that each get a card of their own in one channel of Discord and one of Slack, both with their rate limits. */
const CARDS = 60
const TIMEOUT_MS = 180 * SECOND

/** Processor time and memory with many hosts, and how soon many alerts are open and shown. */
export async function benchScale(): Promise<Row[]> {
  return [...(await measureHosts()), ...(await measureAlerts()), ...(await measureCards())]
}

async function measureHosts(): Promise<Row[]> {
  const machine = createFakeHost(Date.now)
  for (let i = 0; i < CONTAINERS; i++) machine.has(`app-${i}`)
  const ssh = await startSshServer({ run: machine.run })
  const vakt = await startServer('src/main.ts')
  try {
    const before = vakt.memory()
    for (let i = 0; i < HOSTS; i++)
      await vakt.command(`hosts add web-${i} ${ssh.address} --trust-key ${ssh.fingerprint()}`)
    // Until every host has its connection and its first round.
    await sleep(MEASURE_MS / 2)
    const [began, rounds] = [vakt.cpu(), ssh.commands.length]
    await sleep(MEASURE_MS)
    if (ssh.commands.length - rounds < HOSTS) throw new Error('not every host was looked at')
    const share = (vakt.cpu() - began) / (MEASURE_MS / SECOND)
    const what = `${HOSTS} hosts with ${CONTAINERS} containers each`
    return [
      { what: `CPU for ${what}`, value: `${(share * 100).toFixed(1)} % of a core` },
      { what: `memory with ${what}`, value: `${Math.round(vakt.memory())} MB, ${Math.round(before)} MB without` },
    ]
  } finally {
    await vakt.stop()
    await ssh.close()
  }
}

/** All alerts of one moment, without a chat: what Vakt itself needs. */
async function measureAlerts(): Promise<Row[]> {
  const vakt = await startServer('src/main.ts')
  try {
    const { cpu, openMs } = await fire(vakt, ALERTS)
    return [
      { what: `${ALERTS} alerts at one moment, the last one open`, value: `${openMs} ms after its deadline` },
      { what: 'CPU for one alert', value: `${((cpu / ALERTS) * 1000).toFixed(2)} ms` },
    ]
  } finally {
    await vakt.stop()
  }
}

/** Alerts of one moment, each with its own card: the limits of the platforms decide how soon the last one is shown. */
async function measureCards(): Promise<Row[]> {
  const discord = await startDiscord({ rateLimits: true })
  const slack = await startSlack({ rateLimits: true })
  const vakt = await startServer('src/main.ts', chatSettings({ discord, slack }))
  try {
    const { openedAt } = await fire(vakt, CARDS)
    const shown = async (count: () => number) => {
      while (count() < CARDS && Date.now() < openedAt + TIMEOUT_MS) await sleep(100)
      return `${((Date.now() - openedAt) / SECOND).toFixed(0)} s for ${count()} cards`
    }
    const [onDiscord, onSlack] = await Promise.all([
      shown(() => discord.messages().length),
      shown(() => slack.messages().length),
    ])
    return [
      { what: `${CARDS} cards in one channel of Discord`, value: onDiscord },
      { what: `${CARDS} cards in one channel of Slack`, value: onSlack },
    ]
  } finally {
    await vakt.stop()
    await discord.close()
    await slack.stop()
  }
}

/** Adds checks whose deadlines are at about one moment and waits until each has an alert. */
async function fire(vakt: Server, count: number): Promise<{ cpu: number; openMs: number; openedAt: number }> {
  await vakt.command('suppression set --storm-rate 0')
  const { project } = await vakt.command<{ project: { ping_key: string } }>('projects show default')
  for (let i = 0; i < count; i += 50)
    await Promise.all(
      Array.from({ length: Math.min(50, count - i) }, (_, k) =>
        fetch(`${vakt.url}/ping/${project.ping_key}/job-${i + k}?create=1&period=15s`),
      ),
    )
  const deadlineOf = async (name: string) => {
    const { check } = await vakt.command<{ check: { down_at: string } }>(`checks show ${name}`)
    return Date.parse(check.down_at)
  }
  const [first, last] = [await deadlineOf('job-0'), await deadlineOf(`job-${count - 1}`)]
  await sleep(first - Date.now() - SECOND)
  const began = vakt.cpu()
  const until = Date.now() + TIMEOUT_MS
  for (;;) {
    const { alerts } = await vakt.command<{ alerts: { fired_at: string }[] }>('alerts history --limit 1')
    const firing = /^vakt_open_alerts (\d+)/m.exec(await (await fetch(`${vakt.url}/metrics`)).text())
    if (Number(firing?.[1] ?? 0) >= count || Date.now() > until) {
      const openedAt = Date.parse(alerts[0]!.fired_at)
      return { cpu: vakt.cpu() - began, openMs: openedAt - last, openedAt }
    }
    await sleep(SECOND)
  }
}
