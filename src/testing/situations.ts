// The gallery: cards of the situations that people meet, made by the whole app on a fake clock.
import type { Alert } from '../alerts/alert.ts'
import type { Card } from '../card.ts'
import { boardCard } from '../notifications/boards/board.ts'
import { startApp } from './app.ts'

/** A card by its name; `isNotice` is one that notifies people. */
export type Situation = { name: string; card: Card; isNotice: boolean }

const HOUR_MS = 3_600_000
const RTL = 'نسخ احتياطي'

/** Plays the situations and returns their cards, and the instant at the end. */
export async function playSituations(): Promise<{ situations: Situation[]; now: number }> {
  const environment = { CONNECTIVITY_TARGETS: 'tcp://1.1.1.1:443 dns://example.org https://example.org' }
  const app = await startApp({ start: '2026-11-28T02:00:00Z', environment })
  const situations: Situation[] = []
  const answer = async (name: string, line: string, speaker: object = {}) => {
    const { card } = await app.says(line, { interactive: true, ...speaker })
    situations.push({ name, card, isNotice: false })
  }
  const notice = (name: string, title: string) => {
    const message = app.channel.messages.findLast(({ card }) => card.title.includes(title))
    if (!message) throw new Error(`no card "${title}": ${app.titles().join(', ')}`)
    situations.push({ name, card: message.card, isNotice: true })
    return message
  }

  for (const list of ['alerts list', 'alerts history', 'checks list', 'hosts list', 'containers list'])
    await answer(`${list}, empty`, list)
  await answer('board, nothing wrong', 'board now')
  for (const list of ['actions list', 'silence list', 'routes list', 'escalations list', 'reports list', 'oncall'])
    await answer(`${list}, empty`, list)

  const backup = await app.hasCheck('nightly-backup --every 1d --grace 1h --owner "the data team" --host web-1')
  await answer('checks list, one', 'checks list')
  await backup()
  await app.passes('25h')
  notice('missed beat, firing', 'nightly-backup')
  await answer('alerts list, one', 'alerts list')
  await answer('alert in full', 'alerts show 1')
  await app.says('ack 1 on it')
  notice('missed beat, acknowledged', 'nightly-backup')
  await app.says('unack 1')
  await app.says('snooze 1 --for 2h')
  notice('missed beat, snoozed', 'nightly-backup')
  await app.passes('2h')
  const { replies } = notice('missed beat, snooze over', 'nightly-backup')
  situations.push({ name: 'reply when a snooze is over', card: replies.at(-1)!.card, isNotice: true })
  await backup()
  const resolved = notice('missed beat, resolved', 'nightly-backup')
  situations.push({ name: 'reply on a recovery', card: resolved.replies.at(-1)!.card, isNotice: true })

  const job = await app.hasCheck('import --every 1h --severity warning')
  await job('/28', { method: 'POST', body: 'copying 4,711 files\nretry 1 of 3\nrsync: no space left on device (28)\n' })
  notice('failed job with output', 'import failed')
  const silent = await app.hasCheck('quiet-job')
  await silent('/fail')
  notice('failed job without output', 'quiet-job')
  const runner = await app.hasCheck('runner --max-runtime 10m')
  await runner('/start')
  await app.passes('11m')
  notice('run that did not finish', 'runner')
  const noisy = await app.hasCheck('noisy')
  for (let i = 0; i < 5; i++) {
    await noisy('/1', { method: 'POST', body: `attempt ${i}\n${'x'.repeat(300)}` })
    await app.passes('11s')
  }
  notice('alert that was seen five times', 'noisy')
  await app.says('silence add check:hushed --for 2h')
  const hushed = await app.hasCheck('hushed')
  await hushed('/fail')
  await answer('silence list, one', 'silence list')
  await answer('alert that a silence suppresses', 'alerts show 6')

  const reports = [
    {
      title: 'HighLatency on checkout',
      severity: 'critical',
      labels: { service: 'checkout', pod: 'checkout-7d9f', region: 'eu-north-1' },
    },
    { title: `${RTL} 🟥 naïve café 日本語`, severity: 'info', labels: { owner: 'ann' } },
    { title: 'T'.repeat(5_000), severity: 'warning', labels: { long: 'l'.repeat(180) } },
    { title: '@everyone <!channel> <b>*bold*</b> `code` :ab:', severity: 'warning', labels: { mac: '00:ab:cd' } },
  ]
  for (const [i, report] of reports.entries()) {
    await app.request('/api/alerts', {
      method: 'POST',
      headers: { authorization: 'Bearer admin-key-for-tests', 'content-type': 'application/json' },
      body: JSON.stringify({ alerts: [{ key: `r${i}`, lines: ['p99 is 4.2 s'], ...report }] }),
    })
  }
  notice('reported alert with labels', 'HighLatency')
  notice('reported alert, right to left and emoji', RTL)
  notice('reported alert, title of 5,000 characters', 'TTTT')
  notice('reported alert, data that would act', 'everyone')
  await app.says('alerts test')
  notice('test alert', 'test alert')
  app.internet.up = false
  await app.passes('10m')
  notice('Vakt is offline', 'offline')
  app.internet.up = true
  await app.passes('1m')
  notice('Vakt was offline', 'offline')

  for (let i = 0; i < 20; i++) await app.hasCheck(`job-${String(i).padStart(2, '0')} --every 1h`)
  await answer('alerts list, many', 'alerts list')
  await answer('alerts history', 'alerts history')
  await answer('board, much wrong', 'board now')
  await answer('checks list, many', 'checks list')
  await answer('checks list, second page', 'checks list --page 2')
  await answer('check in full', 'checks show nightly-backup')
  await app.says('roles set 9 viewer --platform discord')
  await answer('check in full, for a viewer', 'checks show nightly-backup', { admin: false, id: '9', name: 'Vi' })
  await answer('check added', 'checks add report --cron "30 6 * * 1-5" --tz Europe/Oslo')
  await answer('beats of a check', 'checks beats import')
  await answer('check to be removed', 'checks remove import')
  await answer('deliveries', 'deliveries')
  await answer('audit', 'audit')
  await answer('help for a command', 'help snooze')
  await answer('command that there is not', 'checks lsit')
  await answer('flag that there is not', 'ack 7 --untill 2h')
  await answer('argument that is missing', 'snooze')
  await answer('name with a slip', 'checks show nightly')
  await answer('alert that there is not', 'alerts show 4711')
  await answer('command that a role does not allow', 'keys list', { admin: false, id: '9', name: 'Vi' })
  const end = app.clock.now()
  const group = (count: number, state: 'firing' | 'resolved') =>
    Array.from({ length: count }, (_, i) => ({
      ...{ key: `disk${i}`, title: 'Disk almost full', state, group_key: 'DiskFull', severity: 'warning' },
      labels: { alertname: 'DiskFull', instance: `db-${i}:9100`, host: `db-${i}` },
    }))
  const report = (alerts: object[]) =>
    app.request('/api/alerts', {
      method: 'POST',
      headers: { authorization: 'Bearer admin-key-for-tests', 'content-type': 'application/json' },
      body: JSON.stringify({ alerts }),
    })
  await report(group(5, 'firing'))
  await report(group(2, 'resolved'))
  await app.passes('11s')
  notice('group of alerts, some resolved', 'Disk almost full')
  await report(group(30, 'firing'))
  await app.passes('11s')
  notice('group of many alerts', 'Disk almost full')
  situations.push(...crafted(end))
  return { situations, now: app.clock.now() }
}

/** What needs a log store or hosts: the same parts as the commands make. */
function crafted(now: number): Situation[] {
  const entry = (i: number, message: string, source = 'api@web-1') => ({
    at: now - i * 61_000,
    level: ['error', 'warn', 'info'][i % 3]!,
    source,
    message: [{ bold: 'timeout' }, ` ${message}`],
  })
  const entries = [0, 1, 2].map(i =>
    entry(i, 'after 30 s while connecting to db-1.internal:5432', i === 2 ? 'worker' : 'api@web-1'),
  )
  const search: Card = {
    title: '3 lines',
    tone: 'plain',
    evidence: [
      { kind: 'log', entries },
      { kind: 'chart', name: 'Over time', values: [0, 1, 4, 2, 0, 8] },
    ],
    page: { next: { label: 'Older', line: 'logs search --query=timeout --cursor x' } },
    buttons: [{ label: 'Context ±10', line: 'logs context x' }],
    menus: [
      {
        label: 'Only from …',
        options: [
          { label: 'api', line: 'logs search api' },
          { label: 'worker', line: 'logs search worker' },
        ],
      },
    ],
    footer: 'timeout',
  }
  const tail: Card = {
    title: 'Live tail of level>=warn',
    tone: 'info',
    isView: true,
    evidence: [{ kind: 'log', entries: entries.slice(0, 2) }],
    buttons: [
      { label: 'Pause', line: 'logs tail --pause 1' },
      { label: 'Stop', line: 'logs tail --stop 1' },
    ],
    footer: '2 lines so far · started by Ann · Live for 10m more.',
  }
  const run: Card = {
    title: 'restart-nginx is running on web-1',
    tone: 'info',
    lines: [['Started by Ann, ', { time: now - HOUR_MS, style: 'moment' }, '.']],
    progress: { done: 3, total: 10, unit: 'hosts' },
    evidence: [{ kind: 'output', name: 'Output', text: 'stopping\nstarting\nok' }],
  }
  const table: Card = {
    title: 'Containers of web-1',
    tone: 'plain',
    evidence: [
      {
        kind: 'table',
        columns: [{ name: 'Name' }, { name: 'CPU', align: 'right' }, { name: 'Image' }],
        cells: [
          ['nginx', '3 %', 'nginx:1.29'],
          ['worker', '97 %', 'registry.example.org/shop/worker:2026.11.28'],
        ],
      },
    ],
  }
  const chart: Card = {
    title: 'Critical: web-1: CPU above 90 % for 5 minutes',
    tone: 'critical',
    lines: [
      [
        'Since ',
        { time: now - 12 * 60_000, style: 'moment' },
        ' (',
        { time: now - 12 * 60_000, style: 'relative' },
        ') · not acknowledged',
      ],
      '97 % on average in the last 5 minutes, threshold 90 %.',
    ],
    image: {
      name: 'alert-12.png',
      alt: 'cpu over time: 97 % last, 98 % at most, threshold 90 %',
      png: new Uint8Array([1]),
    },
    facts: [{ name: 'Reminds', value: 'every 4h' }],
    buttons: [
      { label: 'Acknowledge', line: 'ack 12', tone: 'primary' },
      { label: 'Run restart-nginx', line: 'actions run restart-nginx web-1' },
      { label: 'Snooze', line: 'snooze 12', ask: ['for'] },
      { label: 'Details', line: 'alerts show 12' },
      { label: 'Analyze', line: 'analyze alert 12' },
    ],
    footer: 'Alert 12 · shop',
  }
  return [
    { name: 'alert with a chart', card: chart, isNotice: true },
    { name: 'board, busy', card: busyBoard(now), isNotice: false },
    { name: 'log search', card: search, isNotice: false },
    { name: 'live tail', card: tail, isNotice: false },
    { name: 'run of an action with progress', card: run, isNotice: false },
    { name: 'table', card: table, isNotice: false },
  ]
}

/** A board with everything on it. */
function busyBoard(now: number): Card {
  const alert = (id: number, title: string, severity: 'critical' | 'warning', minutes: number, by: string | null) =>
    ({
      // The second one is about the first check below.
      ...{ id, title, severity, checkId: id === 11 ? 1 : null, since: now - minutes * 60_000, snoozedUntil: null },
      ...{ state: by === null ? 'firing' : 'acknowledged', acknowledgedBy: by },
    }) as Alert
  return boardCard(
    {
      project: null,
      alerts: [
        alert(12, 'web-1: CPU above 90 % for 5 minutes', 'critical', 12, null),
        alert(11, 'nightly-backup sent no beat', 'critical', 95, 'Ann'),
        alert(9, 'checkout: 5 errors in 60 s', 'warning', 31, null),
      ],
      open: { info: 0, warning: 1, critical: 2 },
      acknowledged: 1,
      checks: { down: 1, late: 1, up: 41, new: 0, paused: 2 },
      worstChecks: [
        { id: 1, project: 'shop', name: 'nightly-backup', status: 'down', since: now - 95 * 60_000 },
        { id: 2, project: 'shop', name: 'import-orders', status: 'late', since: now - 4 * 60_000 },
      ],
      hosts: 6,
      hostsDown: 0,
      worstHosts: [{ name: 'web-1', isDown: false, since: null, usage: 'CPU 97 %, memory 71 %' }],
      errors: Array.from({ length: 60 }, (_, i) => Math.max(0, Math.round(2 + 2 * Math.sin(i / 5) + (i > 50 ? 6 : 0)))),
      onCall: [{ rotation: 'primary', who: 'Ann', until: now + 15 * 3_600_000 }],
      trouble: null,
    },
    now,
  )
}
