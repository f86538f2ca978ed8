// Actions in the whole app over real SSH: buttons, confirmation, runs, live output, limits, and restarts of Vakt.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { applyResults } from '../../alerts/lifecycle.ts'
import type { Card } from '../../card.ts'
import { startApp, type TestApp } from '../../testing/app.ts'
import { createFakeHost, type FakeHost } from '../../testing/ssh/fake-host.ts'
import { type Execution, type SshServer, startSshServer } from '../../testing/ssh/ssh-server.ts'
import { type Action, buildActionArgv } from './action.ts'

let app: TestApp
let server: SshServer
let host: FakeHost
let running: Execution[]

beforeEach(async () => {
  app = await startApp({ channels: ['discord'] })
  host = createFakeHost(() => app.clock.now())
  running = []
  server = await startSshServer({
    run: execution => {
      if (execution.words[0] === 'env') running.push(execution)
      else host.run(execution)
    },
  })
  await app.result(`hosts add web-1 ${server.address}`)
})
afterEach(async () => {
  await app.stop()
  await server.close()
})

const chat = { interactive: true }
const bob = { id: '222222222222222222', name: 'Bob', admin: false, interactive: true }

const RESTART = 'actions add restart-nginx --on web-* --run "systemctl restart nginx" --for "title-of:shop OR shop"'

/** An alert about a host fires. */
async function fires(key = 'shop', labels: Record<string, string> = { host: 'web-1' }): Promise<number> {
  applyResults(
    app.state,
    [
      {
        kind: 'firing',
        finding: {
          ...{ key, detector: 'rule', projectId: null, severity: 'critical', title: 'the shop is slow', labels },
          ...{ since: app.clock.now(), owner: null, remindEvery: 0, occurrences: 1, observation: { lines: [] } },
        },
      },
    ],
    app.clock.now(),
  )
  await app.passes('1s')
  return (await app.result<{ alerts: { id: number; key: string }[] }>('alerts history')).alerts[0]!.id
}

const cardNow = () => app.channel.messages.at(-1)!.card
const labels = (card: Card) => (card.buttons ?? []).map(button => button.label)
const lineOf = (card: Card, label: string) => card.buttons!.find(button => button.label === label)!.line
const refusal = async (line: string, speaker = {}) => {
  const reply = await app.says(line, speaker)
  if (reply.ok) throw new Error(`"${line}" succeeded`)
  return reply.problem.message
}
const started = (n = 1) => vi.waitFor(() => expect(running.length).toBe(n))
const runs = async () =>
  (await app.result<{ runs: { outcome: string; problem: string; started_by: string }[] }>('actions history')).runs
const finishes = (execution: Execution, code: number) => {
  execution.exit(code)
  return vi.waitFor(async () => {
    await app.passes('0s')
    expect((await runs())[0]!.outcome).not.toBe('running')
  })
}

describe('an action', () => {
  it('has a button on the card, asks for confirmation, and shows its output in the thread while it runs', async () => {
    await app.result(RESTART)
    const alert = await fires()
    expect(labels(cardNow())).toContain('restart-nginx')
    const confirmation = await app.says(lineOf(cardNow(), 'restart-nginx'), bob)
    expect(confirmation.card).toMatchObject({
      title: 'Run restart-nginx on web-1?',
      code: { text: 'systemctl restart nginx' },
    })
    expect(running).toEqual([])
    const reply = await app.says(lineOf(confirmation.card, 'Run it'), bob)
    expect(reply).toMatchObject({ ok: true, card: { title: 'restart-nginx is running on web-1' } })
    await started()
    expect(running[0]!.words.slice(0, 5)).toEqual(['env', 'VAKT_HOST=web-1', 'VAKT_CONTAINER=', 'sh', '-c'])
    expect(running[0]!.words.slice(-2)).toEqual(['60', 'systemctl restart nginx'])

    running[0]!.out('stopping \u001b[31mnginx\u001b[0m\npassword=hunter2secret\n')
    await vi.waitFor(async () => {
      await app.passes('3s')
      expect(app.channel.messages.at(-1)!.replies.at(-1)!.card.title).toBe('restart-nginx is running on web-1')
    })
    await finishes(running[0]!, 3)
    const { runs: all } = await app.result<{ runs: Record<string, unknown>[] }>('actions history')
    expect(all).toMatchObject([
      { action: 'restart-nginx', host: 'web-1', outcome: 'exited', exit_status: 3, started_by: 'Bob', alert },
    ])
    expect(all[0]!.output_head).toContain('stopping nginx\npassword=[hidden')
    expect(JSON.stringify(all)).not.toContain('hunter2secret')
    await app.passes('5s')
    expect(app.text(cardNow())).toContain('on web-1: exit status 3 in')
    const history = JSON.stringify((await app.result<{ history: unknown }>(`alerts show ${alert}`)).history)
    expect(history).toContain('restart-nginx started on web-1')
    expect(history).toContain('restart-nginx on web-1: exit status 3')
    expect(app.text((await app.says('audit')).card)).toContain('actions run restart-nginx --on web-1')
  })

  it('answers with the output when there is no thread, and marks where a long output is cut', async () => {
    await app.result('actions add report --on web-1 --run "cat report"')
    const answer = app
      .says('actions run report', chat)
      .then(async reply => app.says(lineOf(reply.card, 'Run it'), chat))
    await started()
    running[0]!.out(`first line\n${'a line of the report\n'.repeat(5_000)}last line\n`)
    running[0]!.exit(0)
    const { card } = await answer
    expect(card.title).toBe('report on web-1: exit status 0 in under 1s')
    expect((await app.says('actions history 1')).card.title).toBe(card.title)
    expect(card.code!.text).toMatch(/^first line\n[\s\S]+… more than \d+ bytes left out …[\s\S]+last line$/)
    expect(card.code!.text.length).toBeLessThan(3_000)
  })

  it('runs once at a time on a target, and names the person who started the other run', async () => {
    await app.result('actions add slow --on web-1 --run "sleep 30"')
    void app.says('actions run slow')
    await started()
    expect(await refusal('actions run slow --yes', bob)).toMatch(/slow is already running on web-1: Ann started it/)
    await finishes(running[0]!, 0)
  })

  it('is stopped on the host at its time limit', async () => {
    await app.result('actions add slow --on web-1 --run "sleep 3000" --time-limit 20s')
    void app.says('actions run slow')
    await started()
    await app.passes('31s')
    expect((await runs())[0]).toMatchObject({ outcome: 'out of time' })
    await vi.waitFor(() => expect(server.signals).toEqual(['TERM']))
    expect(running[0]!.words.join(' ')).toContain('timeout -k 5 "$1"')
    expect(running[0]!.words.at(-2)).toBe('20')
  })

  it('is not sent again when the connection breaks, and its outcome names the reason', async () => {
    await app.result('actions add slow --on web-1 --run "sleep 30"')
    const answer = app.says('actions run slow')
    await started()
    server.cuts()
    const { card } = await answer
    expect(card.title).toContain('It is not known whether the command finished.')
    expect(running.length).toBe(1)
  })

  it('is limited to its role and its hosts, and only admins define it', async () => {
    await app.result('actions add wipe --on web-1 --run "rm -rf /srv/cache" --role admin')
    expect(await refusal('actions run wipe --yes', bob)).toBe('wipe needs the role admin; your role is responder.')
    expect(await refusal('actions add mine --on web-1 --run "id"', bob)).toContain('needs the role admin')
    await app.result('hosts add db-1 local')
    expect(await refusal('actions run wipe --on db-1 --yes')).toBe('wipe may run only on web-1.')
    expect(await refusal('actions run wipe --on "web-1;reboot" --yes')).toContain('is not a host')
    expect(await refusal('actions run nothing')).toContain('Existing actions: wipe.')
    expect(await refusal('actions run wipe web-1')).toContain('after --on: actions run wipe --on web-1')
    expect(running).toEqual([])
  })

  it('ignores a host or container of an alert that Vakt does not know', async () => {
    await app.result('actions add look --on */* --run "docker restart x" --for "shop"')
    host.has('api')
    await app.passes('31s')
    await vi.waitFor(async () => expect(app.text((await app.says('containers list')).card)).toContain('api'))
    await fires('evil', { host: 'web-1', container: '$(reboot)', source: 'x' })
    expect(labels(cardNow())).not.toContain('look')
    await fires('gone', { host: 'web-9', container: 'api', source: 'x' })
    expect(labels(cardNow())).not.toContain('look')
    const alert = await fires('there', { host: 'web-1', container: 'api', source: 'x' })
    expect(labels(cardNow())).toContain('look')
    void app.says(`actions run look --alert ${alert}`)
    await started()
    expect(running[0]!.words[2]).toBe('VAKT_CONTAINER=api')
    await finishes(running[0]!, 0)
  })

  it('has at most two buttons on the card, and all in the details of the alert', async () => {
    for (const name of ['a', 'b', 'c']) await app.result(`actions add ${name} --on web-1 --run id --for shop`)
    const alert = await fires()
    expect(labels(cardNow()).filter(label => label.length === 1)).toEqual(['a', 'b'])
    const { card } = await app.says(`alerts show ${alert}`)
    expect(labels(card).filter(label => label.length === 1)).toEqual(['a', 'b', 'c'])
  })
})

describe('a second person', () => {
  beforeEach(() => app.result('actions add failover --on web-1 --run "failover now" --second-person'))
  const request = () => app.says('actions run failover --yes', bob)

  it('must be another person, and both are recorded', async () => {
    const { card } = await request()
    expect(card.title).toBe('failover needs a second person')
    expect(running).toEqual([])
    expect(await refusal('actions confirm 1', bob)).toContain('You requested this run yourself')
    expect(await refusal('actions confirm 1', { platform: 'api', id: 'admin' })).toContain('in a chat')
    expect(await refusal('actions run failover --yes')).toContain('Bob requested this run already')
    const done = app.says('actions confirm 1')
    await started()
    running[0]!.exit(0)
    await done
    expect(await app.result('actions history')).toMatchObject({
      runs: [{ started_by: 'Bob', confirmed_by: 'Ann', exit_status: 0 }],
    })
    expect(await refusal('actions confirm 1')).toContain('was already handled')
    const audit = app.text((await app.says('audit')).card)
    expect(audit).toContain('actions run failover --yes')
    expect(audit).toContain('actions confirm 1')
  })

  it('is not the same person with another account', async () => {
    await app.result('oncall member add Bob --discord 222222222222222222 --slack U012AB3CD')
    await request()
    expect(await refusal('actions confirm 1', { platform: 'slack', id: 'U012AB3CD', name: 'bob' })).toContain(
      'yourself',
    )
  })

  it.each([
    ['a key', { platform: 'api', id: 'admin', name: 'admin' }],
    ['the terminal', { platform: 'terminal', id: 'terminal', name: 'terminal' }],
  ])('is asked for twice when %s requests the run, because whoever did may confirm it', async (_, hidden) => {
    await app.says('actions run failover --yes', { ...hidden, admin: true })
    const taken = await app.says('actions confirm 1', bob)
    expect(taken.card.title).toBe('failover needs one more person')
    expect(running).toEqual([])
    expect(await refusal('actions confirm 1', bob)).toContain('You requested this run yourself')
    expect(await refusal('actions confirm 1', { ...hidden, admin: true })).toContain('in a chat')
    const done = app.says('actions confirm 1')
    await started()
    running[0]!.exit(0)
    await done
    expect(await app.result('actions history')).toMatchObject({ runs: [{ started_by: 'Bob', confirmed_by: 'Ann' }] })
  })

  it('of another chat must be known to be another person', async () => {
    const kari = { platform: 'slack', id: 'U00KARI00', name: 'kari', admin: true }
    await request()
    expect(await refusal('actions confirm 1', kari)).toContain(
      'cannot tell whether you and Bob on discord are one person',
    )
    await app.result('oncall member add Kari --slack U00KARI00')
    expect(await refusal('actions confirm 1', kari)).toContain('cannot tell')
    await app.result('oncall member add Bob --discord 222222222222222222')
    const done = app.says('actions confirm 1', kari)
    await started()
    running[0]!.exit(0)
    await done
  })

  it('has 15 minutes, and confirms only what was requested', async () => {
    await request()
    await app.passes('15m')
    expect(await refusal('actions confirm 1')).toContain('has expired')
    await request()
    await app.result('actions edit failover --run "something else"')
    expect(await refusal('actions confirm 2')).toContain('has changed since')
    await request()
    await app.result('actions refuse 3')
    expect(await refusal('actions confirm 3')).toContain('was already handled')
    expect(running).toEqual([])
  })
})

describe('an automatic action', () => {
  const AUTO = 'actions add restart --on web-1 --run restart --for shop --auto --per-hour 2 --cool-down 10m'

  it('runs once for each alert, within its limits, and shows it on the card', async () => {
    await app.result(AUTO)
    await fires('one')
    await app.passes('6s')
    await started()
    await finishes(running[0]!, 0)
    await app.passes('1m')
    expect(running.length).toBe(1)
    expect(app.text(cardNow())).toContain('automatically')
    await fires('two')
    await app.passes('6s')
    expect((await runs())[0]).toMatchObject({
      outcome: 'withheld',
      problem: expect.stringContaining('cool-down is 10m'),
    })
    expect(app.text(cardNow())).toContain('withheld')
    await app.passes('10m')
    await fires('three')
    await app.passes('6s')
    await started(2)
    await finishes(running[1]!, 0)
    await app.passes('11m')
    await fires('four')
    await app.passes('6s')
    expect((await runs())[0]).toMatchObject({
      outcome: 'withheld',
      problem: expect.stringContaining('2 automatic runs'),
    })
    expect(running.length).toBe(2)
    expect(app.text((await app.says('audit')).card)).toContain('actions run restart --on web-1')
  })

  it('never runs for an alert that is suppressed or older than the action', async () => {
    await fires('old')
    await app.result(AUTO)
    await app.result('silence add shop --for 1h')
    await fires('silenced')
    await app.passes('1m')
    expect(await runs()).toEqual([])
    expect(running).toEqual([])
  })

  it('needs a matcher, and is off by default', async () => {
    expect(await refusal('actions add restart --on web-1 --run restart --auto')).toContain('--for')
    expect(await refusal(`${AUTO} --second-person`)).toContain('cannot run automatically')
    await app.result('actions add restart --on web-1 --run restart --for shop')
    await fires()
    await app.passes('1m')
    expect(running).toEqual([])
  })
})

it('records a run as unknown when Vakt is killed during it', async () => {
  await app.result('actions add slow --on web-1 --run "sleep 30" --for shop')
  const alert = await fires()
  void app.says(`actions run slow --alert ${alert}`)
  await started()
  app = await app.restarts('1m', 'killed')
  expect((await runs())[0]).toMatchObject({ outcome: 'unknown' })
  await app.passes('5s')
  expect(app.text(cardNow())).toContain('outcome unknown, because Vakt stopped during the run')
  void app.says('actions run slow')
  await started(2)
  await finishes(running[1]!, 0)
})

it('passes the forced command only with the line that "actions show" prints', async () => {
  await app.result('actions add hello --on web-1 --run "echo \\"hello from $VAKT_HOST\\""')
  const { sent } = await app.result<{ sent: string }>('actions show hello')
  const folder = mkdtempSync(join(tmpdir(), 'vakt-ssh-'))
  const script = readFileSync('examples/vakt-ssh', 'utf8').replaceAll('/etc/vakt-ssh.d', folder)
  writeFileSync(join(folder, 'hello'), sent)
  const send = (line: string) =>
    spawnSync('sh', ['-c', script], { env: { ...process.env, SSH_ORIGINAL_COMMAND: line }, encoding: 'utf8' })
  expect(send(sent)).toMatchObject({ status: 0, stdout: 'hello from web-1\n' })
  expect(send(sent.replace('hello', 'bye'))).toMatchObject({ status: 126, stdout: '' })
  expect(send(`${sent}; id`)).toMatchObject({ status: 126, stdout: '' })
  rmSync(folder, { recursive: true })
})

it('never runs a shell on a name of a host or container', () => {
  const action = { command: 'true', timeLimit: 1_000 } as Action
  const name = fc.string({ unit: 'binary', maxLength: 30 })
  const shellish = fc.stringMatching(/^[a-z'"`$;&|<>(){}\\\s*?!#~=/.-]{0,20}$/)
  fc.assert(
    fc.property(fc.oneof(name, shellish), fc.oneof(name, shellish), (asHost, asContainer) => {
      try {
        const argv = buildActionArgv(action, asHost, asContainer)
        expect(argv[1]).toMatch(/^VAKT_HOST=[\w.-]+$/)
        expect(argv[2]).toMatch(/^VAKT_CONTAINER=[\w.-]*$/)
      } catch (error) {
        expect((error as Error).name).toBe('Problem')
      }
    }),
    { numRuns: 500 },
  )
})
