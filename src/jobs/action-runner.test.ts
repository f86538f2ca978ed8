// The runner of actions by itself: what the alert, its threads and the audit show of a run, and what a stop of Vakt leaves.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listHistory } from '../alerts/alerts.ts'
import type { Action, ActionOrder } from '../hosts/actions/action.ts'
import { finishRun, listRuns, readRun, startRun } from '../hosts/actions/action-runs.ts'
import { addAction } from '../hosts/actions/actions.ts'
import type { Host } from '../hosts/host.ts'
import { addHost } from '../hosts/hosts.ts'
import type { OutputSink } from '../hosts/machine.ts'
import { silentLogger } from '../logger.ts'
import { readAudit } from '../projects/audit.ts'
import { memoryState, type State } from '../state/database.ts'
import { storeAlert } from '../testing/alerts.ts'
import { createFakeClock, type FakeClock, settled } from '../testing/fake-clock.ts'
import { createMemoryChannel, type MemoryChannel } from '../testing/memory-channel.ts'
import { HOUR, MINUTE, SECOND } from '../time.ts'
import { type ActionRunner, createActionRunner } from './action-runner.ts'

const START = Date.parse('2026-03-02T09:00:00Z')

let state: State
let clock: FakeClock
let host: Host
let action: Action
let alert: number
let channel: MemoryChannel
let runner: ActionRunner
/** Commands that are running on the host. */
let running: { argv: readonly string[]; sink: OutputSink; exit(code: number): void }[]

beforeEach(() => {
  state = memoryState()
  clock = createFakeClock(START)
  const made = { address: '', port: 22, user: '', auth: 'own' as const, addedAt: 0, addedBy: 'Ann' }
  host = addHost(state, { name: 'web-1', ...made })
  action = addAction(state, {
    ...{
      name: 'restart',
      host: 'web-1',
      container: '',
      command: 'id',
      matcher: null,
      role: 'admin',
      secondPerson: false,
    },
    ...{ timeLimit: MINUTE, automatic: false, perHour: 1, coolDown: 0, addedAt: 0, addedBy: 'Ann' },
    ...{ changedAt: START - HOUR, changedBy: 'Ann' },
  })
  alert = storeAlert(state, { labels: { host: 'web-1' }, firedAt: START }).id
  channel = createMemoryChannel('ops', clock.now).hasThreads()
  running = []
  const stream = async (argv: readonly string[], sink: OutputSink) => {
    let exit = (_: number) => {}
    const ended = new Promise<number>(resolve => {
      exit = resolve
    })
    running.push({ argv, sink, exit })
    return { ended, stop() {} }
  }
  runner = createActionRunner({
    ...{ state, clock, logger: silentLogger, channels: () => [channel, createMemoryChannel('other', clock.now)] },
    hostRuntime: { connections: { machine: () => ({ stream }) } as never },
  })
})

// What still starts belongs to this test.
afterEach(() => settled())

const order = (changes: Partial<ActionOrder> = {}): ActionOrder => ({
  ...{ action, host, container: '', alertId: alert, startedBy: 'Ann', confirmedBy: null, ...changes },
})
const timeline = () => listHistory(state, alert).map(({ what, by, at }) => [what, by, at - START])
const audit = () => readAudit(state, 10).map(({ actorName, line, outcome }) => `${actorName}: ${line} (${outcome})`)
const isShown = async () => {
  state.prepare("insert into channels (id, name, added_at) values ('ops', 'ops', 0)").run()
  const ref = await channel.post({ title: 'the alert', tone: 'warning' }, '')
  state
    .prepare('insert into notifications (alert_id, channel_id, shown_version, ref) values (?, ?, 1, ?)')
    .run(alert, 'ops', ref)
}

describe('a run', () => {
  it('is in the timeline of its alert when it starts, and when it ends', async () => {
    const { ended } = runner.run(order())
    await settled()
    await clock.advance(10 * SECOND)
    expect(timeline()).toEqual([['restart started on web-1', 'Ann', 0]])
    running[0]!.exit(0)
    const run = await ended
    expect(run).toMatchObject({ outcome: 'exited', exitStatus: 0, endedAt: START + 10 * SECOND })
    expect(readRun(state, run.id)).toEqual(run)
    expect(timeline().slice(1)).toEqual([['restart on web-1: exit status 0 in 10s', null, 10 * SECOND]])
    expect(audit()).toEqual([])
  })

  it.each([
    [{ confirmedBy: null }, 'Ann'],
    [{ confirmedBy: 'Bob' }, 'Ann and Bob'],
  ])('names who started it: %j', (changes, by) => {
    runner.run(order(changes))
    expect(timeline()[0]![1]).toBe(by)
  })

  it('without an alert is in no timeline and in no thread', async () => {
    await isShown()
    const { threads, run } = runner.run(order({ alertId: null }))
    expect([threads, timeline(), run.alertId]).toEqual([0, [], null])
  })

  it('shows its output in the thread of the alert, in the chats that have its card', async () => {
    expect(runner.run(order()).threads).toBe(0)
    await settled()
    running[0]!.exit(0)
    await settled()
    await isShown()
    const { threads, ended } = runner.run(order())
    await settled()
    running[1]!.sink.stdout(Buffer.from('first line\nhalf a'))
    await clock.advance(5 * SECOND)
    const card = () => JSON.stringify(channel.messages[0]!.replies.at(-1)!.card)
    expect([threads, card()]).toEqual([1, expect.stringContaining('restart is running on web-1')])
    expect(card()).toContain('first line')
    expect(card()).not.toContain('half a')
    running[1]!.exit(3)
    await clock.advance(5 * SECOND)
    await ended
    expect(card()).toContain('exit status 3')
    expect(card()).toContain('half a')
  })

  it('that is refused leaves no trace', () => {
    runner.run(order())
    expect(() => runner.run(order({ startedBy: 'Bob' }))).toThrow('already running on web-1: Ann started it')
    expect(() => runner.run(order({ container: '$(reboot)' }))).toThrow('Invalid container name')
    expect([listRuns(state, { limit: 10 }).length, timeline().length]).toEqual([1, 1])
  })

  it('whose transaction was undone is not sent to the host', async () => {
    const undone = () =>
      state.transaction(() => {
        runner.run(order())
        throw new Error('the command failed')
      })
    expect(undone).toThrow('the command failed')
    await settled()
    expect([running.length, listRuns(state, { limit: 10 })]).toEqual([0, []])
  })

  it('that ended in the table already is answered with its own end', async () => {
    const { run, ended } = runner.run(order())
    await settled()
    finishRun(state, run.id, { endedAt: START, outcome: 'unknown' })
    running[0]!.exit(0)
    expect(await ended).toMatchObject({ id: run.id, outcome: 'exited', exitStatus: 0 })
    expect(readRun(state, run.id)!.outcome).toBe('unknown')
  })
})

describe('a stop of Vakt', () => {
  it('leaves a run without an end, which the next start records as unknown', async () => {
    const { run, ended } = runner.run(order())
    await settled()
    runner.stop()
    running[0]!.exit(0)
    expect((await ended).outcome).toBeNull()
    expect(readRun(state, run.id)!.endedAt).toBeNull()
    clock.sleep(HOUR)
    runner.start()
    expect(readRun(state, run.id)).toMatchObject({ outcome: 'unknown', endedAt: START + HOUR })
    expect(timeline().at(-1)).toEqual([expect.stringContaining('restart on web-1'), null, HOUR])
    expect(audit()).toEqual([expect.stringMatching(/^Vakt: actions run restart --on web-1 \(.+\)$/)])
    const { threadLine } = state
      .prepare<[], { threadLine: number }>('select thread_line as threadLine from alerts')
      .get()!
    expect(threadLine).toBe(listHistory(state, alert).at(-1)!.id)
  })

  it('does not change runs that had ended', () => {
    const draft = {
      ...{ actionId: action.id, name: 'restart', hostId: host.id, host: 'web-1', container: '', command: 'id' },
      ...{ alertId: alert, startedAt: START, startedBy: 'Ann', confirmedBy: null, automatic: false },
    }
    const { id } = startRun(state, draft)
    finishRun(state, id, { endedAt: START, outcome: 'exited', exitStatus: 0 })
    runner.start()
    expect([readRun(state, id)!.outcome, timeline(), audit()]).toEqual(['exited', [], []])
  })
})

describe('an automatic action', () => {
  beforeEach(() => {
    state.prepare('update actions set automatic = 1').run()
  })

  it.each([
    ['at the start', () => runner.start()],
    ['when alerts change', () => runner.scheduleAutomatic()],
  ])('runs 5 s later %s, by Vakt, and is in the audit', async (_, begins) => {
    begins()
    await clock.advance(5 * SECOND)
    expect(running.length).toBe(1)
    expect(listRuns(state, { limit: 10 })).toMatchObject([{ automatic: true, startedBy: 'Vakt', alertId: alert }])
    expect(timeline()).toEqual([['restart started on web-1', 'Vakt', 5 * SECOND]])
    expect(audit()).toEqual([`Vakt: actions run restart --on web-1 --alert ${alert} (done)`])
  })

  it('that a limit withholds is recorded with the reason, in the thread too', async () => {
    state.prepare('update actions set per_hour = 0').run()
    runner.scheduleAutomatic()
    await clock.advance(5 * SECOND)
    expect(running).toEqual([])
    expect(listRuns(state, { limit: 10 })).toMatchObject([{ automatic: true, outcome: 'withheld' }])
    expect(timeline()).toEqual([[expect.stringContaining('limit'), null, 5 * SECOND]])
    expect(audit()).toEqual([expect.stringContaining('in the last hour, its limit)')])
    const { threadLine } = state
      .prepare<[], { threadLine: number }>('select thread_line as threadLine from alerts')
      .get()!
    expect(threadLine).toBe(listHistory(state, alert).at(-1)!.id)
  })

  it('does not start after a stop', async () => {
    runner.scheduleAutomatic()
    runner.stop()
    await clock.advance(MINUTE)
    expect(running).toEqual([])
  })
})
