// Actions through the whole app over real SSH: offered on cards, asked, confirmed, run, told, limited, and outlived.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { applyOutcomes } from '../../alerts/lifecycle.ts'
import type { Card } from '../../card.ts'
import { startApp, type TestApp } from '../../testing/app.ts'
import { createFakeHost, type FakeHost } from '../../testing/ssh/fake-host.ts'
import { type Execution, type SshServer, startSshServer } from '../../testing/ssh/ssh-server.ts'
import { type Action, actionWords } from './action.ts'

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
  applyOutcomes(
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
  if (reply.ok) throw new Error(`"${line}" was done`)
  return reply.problem.message
}
const started = (n = 1) => vi.waitFor(() => expect(running.length).toBe(n))
const runs = async () =>
  (await app.result<{ runs: { outcome: string; problem: string; started_by: string }[] }>('actions history')).runs
const ends = (execution: Execution, code: number) => {
  execution.exit(code)
  return vi.waitFor(async () => {
    await app.passes('0s')
    expect((await runs())[0]!.outcome).not.toBe('running')
  })
}

describe('an action', () => {
  it('is offered on the card, asked about, run, and told in the thread as it goes', async () => {
    await app.result(RESTART)
    const alert = await fires()
    expect(labels(cardNow())).toContain('restart-nginx')
    const asked = await app.says(lineOf(cardNow(), 'restart-nginx'), bob)
    expect(asked.card).toMatchObject({
      title: 'Run restart-nginx on web-1?',
      code: { text: 'systemctl restart nginx' },
    })
    expect(running).toEqual([])
    const begun = await app.says(lineOf(asked.card, 'Run it'), bob)
    expect(begun).toMatchObject({ ok: true, card: { title: 'restart-nginx runs on web-1' } })
    await started()
    expect(running[0]!.words.slice(0, 5)).toEqual(['env', 'VAKT_HOST=web-1', 'VAKT_CONTAINER=', 'sh', '-c'])
    expect(running[0]!.words.slice(-2)).toEqual(['60', 'systemctl restart nginx'])

    running[0]!.out('stopping \u001b[31mnginx\u001b[0m\npassword=hunter2secret\n')
    await vi.waitFor(async () => {
      await app.passes('3s')
      expect(app.channel.messages.at(-1)!.replies.at(-1)!.card.title).toBe('restart-nginx runs on web-1')
    })
    await ends(running[0]!, 3)
    const { runs: all } = await app.result<{ runs: Record<string, unknown>[] }>('actions history')
    expect(all).toMatchObject([
      { action: 'restart-nginx', host: 'web-1', outcome: 'exited', exit_status: 3, started_by: 'Bob', alert },
    ])
    expect(all[0]!.output_head).toContain('stopping nginx\npassword=[hidden')
    expect(JSON.stringify(all)).not.toContain('hunter2secret')
    await app.passes('5s')
    expect(JSON.stringify(cardNow().lines)).toContain('on web-1: exit status 3 in')
    const told = JSON.stringify((await app.result<{ history: unknown }>(`alerts show ${alert}`)).history)
    expect(told).toContain('restart-nginx began on web-1')
    expect(told).toContain('restart-nginx on web-1: exit status 3')
    expect(JSON.stringify(await app.says('audit'))).toContain('actions run restart-nginx --on web-1')
  })

  it('answers with the output where there is no thread, and cuts what is long with a word', async () => {
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

  it('runs one at a time in one place, and says who began the other', async () => {
    await app.result('actions add slow --on web-1 --run "sleep 30"')
    void app.says('actions run slow')
    await started()
    expect(await refusal('actions run slow --yes', bob)).toMatch(/slow runs on web-1 already: Ann began it/)
    await ends(running[0]!, 0)
  })

  it('that takes too long is ended, here and there', async () => {
    await app.result('actions add slow --on web-1 --run "sleep 3000" --time-limit 20s')
    void app.says('actions run slow')
    await started()
    await app.passes('31s')
    expect((await runs())[0]).toMatchObject({ outcome: 'out of time' })
    await vi.waitFor(() => expect(server.signals).toEqual(['TERM']))
    expect(running[0]!.words.join(' ')).toContain('timeout -k 5 "$1"')
    expect(running[0]!.words.at(-2)).toBe('20')
  })

  it('on a host that is not reached says why, and is not sent again when the connection breaks', async () => {
    await app.result('actions add slow --on web-1 --run "sleep 30"')
    const answer = app.says('actions run slow')
    await started()
    server.cuts()
    const { card } = await answer
    expect(card.title).toContain('Whether it ran to its end is not known.')
    expect(running.length).toBe(1)
  })

  it('is only for those with its role, for its hosts, and for admins to define', async () => {
    await app.result('actions add wipe --on web-1 --run "rm -rf /srv/cache" --role admin')
    expect(await refusal('actions run wipe --yes', bob)).toBe('wipe needs the role admin, and you are responder.')
    expect(await refusal('actions add mine --on web-1 --run "id"', bob)).toContain('needs the role admin')
    await app.result('hosts add db-1 local')
    expect(await refusal('actions run wipe --on db-1 --yes')).toBe('wipe may run on web-1 only.')
    expect(await refusal('actions run wipe --on "web-1;reboot" --yes')).toContain('no host')
    expect(await refusal('actions run nothing')).toContain('There is wipe.')
    expect(await refusal('actions run wipe web-1')).toContain('with --on: actions run wipe --on web-1')
    expect(running).toEqual([])
  })

  it('takes no place from an alert that Vakt does not know', async () => {
    await app.result('actions add look --on */* --run "docker restart x" --for "shop"')
    host.has('api')
    await app.passes('31s')
    await vi.waitFor(async () => expect(JSON.stringify(await app.says('containers list'))).toContain('api'))
    await fires('evil', { host: 'web-1', container: '$(reboot)', source: 'x' })
    expect(labels(cardNow())).not.toContain('look')
    await fires('gone', { host: 'web-9', container: 'api', source: 'x' })
    expect(labels(cardNow())).not.toContain('look')
    const alert = await fires('there', { host: 'web-1', container: 'api', source: 'x' })
    expect(labels(cardNow())).toContain('look')
    void app.says(`actions run look --alert ${alert}`)
    await started()
    expect(running[0]!.words[2]).toBe('VAKT_CONTAINER=api')
    await ends(running[0]!, 0)
  })

  it('shows two buttons at most, and all in the details', async () => {
    for (const name of ['a', 'b', 'c']) await app.result(`actions add ${name} --on web-1 --run id --for shop`)
    const alert = await fires()
    expect(labels(cardNow()).filter(label => label.length === 1)).toEqual(['a', 'b'])
    const { card } = await app.says(`alerts show ${alert}`)
    expect(labels(card).filter(label => label.length === 1)).toEqual(['a', 'b', 'c'])
  })
})

describe('a second person', () => {
  beforeEach(() => app.result('actions add failover --on web-1 --run "failover now" --second-person'))
  const ask = () => app.says('actions run failover --yes', bob)

  it('must be another one, and both are written down', async () => {
    const { card } = await ask()
    expect(card.title).toBe('failover waits for a second person')
    expect(running).toEqual([])
    expect(await refusal('actions confirm 1', bob)).toContain('You asked for it yourself')
    expect(await refusal('actions confirm 1', { platform: 'api', id: 'admin' })).toContain('in a chat')
    expect(await refusal('actions run failover --yes')).toContain('Bob asked for that already')
    const done = app.says('actions confirm 1')
    await started()
    running[0]!.exit(0)
    await done
    expect(await app.result('actions history')).toMatchObject({
      runs: [{ started_by: 'Bob', confirmed_by: 'Ann', exit_status: 0 }],
    })
    expect(await refusal('actions confirm 1')).toContain('settled already')
    const audit = JSON.stringify(await app.says('audit'))
    expect(audit).toContain('actions run failover --yes')
    expect(audit).toContain('actions confirm 1')
  })

  it('is not the same one with another account', async () => {
    await app.result('oncall member add Bob --discord 222222222222222222 --slack U012AB3CD')
    await ask()
    expect(await refusal('actions confirm 1', { platform: 'slack', id: 'U012AB3CD', name: 'bob' })).toContain(
      'yourself',
    )
  })

  it('has a quarter of an hour, and confirms what was asked for and nothing else', async () => {
    await ask()
    await app.passes('15m')
    expect(await refusal('actions confirm 1')).toContain('has run out')
    await ask()
    await app.result('actions edit failover --run "something else"')
    expect(await refusal('actions confirm 2')).toContain('was changed since')
    await ask()
    await app.result('actions refuse 3')
    expect(await refusal('actions confirm 3')).toContain('settled already')
    expect(running).toEqual([])
  })
})

describe('by itself', () => {
  const AUTO = 'actions add restart --on web-1 --run restart --for shop --auto --per-hour 2 --cool-down 10m'

  it('runs once for an alert, within its limits, and says so', async () => {
    await app.result(AUTO)
    await fires('one')
    await app.passes('6s')
    await started()
    await ends(running[0]!, 0)
    await app.passes('1m')
    expect(running.length).toBe(1)
    expect(JSON.stringify(cardNow().lines)).toContain('by itself')
    await fires('two')
    await app.passes('6s')
    expect((await runs())[0]).toMatchObject({ outcome: 'withheld', problem: expect.stringContaining('rests 10m') })
    expect(JSON.stringify(cardNow().lines)).toContain('not run by itself')
    await app.passes('10m')
    await fires('three')
    await app.passes('6s')
    await started(2)
    await ends(running[1]!, 0)
    await app.passes('11m')
    await fires('four')
    await app.passes('6s')
    expect((await runs())[0]).toMatchObject({ outcome: 'withheld', problem: expect.stringContaining('2 times') })
    expect(running.length).toBe(2)
    expect(JSON.stringify(await app.says('audit'))).toContain('actions run restart --on web-1')
  })

  it('never runs for an alert that is held back, taken, or older than the action', async () => {
    await fires('old')
    await app.result(AUTO)
    await app.result('silence add shop --for 1h')
    await fires('held')
    await app.passes('1m')
    expect(await runs()).toEqual([])
    expect(running).toEqual([])
  })

  it('is off unless an admin says for which alerts', async () => {
    expect(await refusal('actions add restart --on web-1 --run restart --auto')).toContain('--for')
    expect(await refusal(`${AUTO} --second-person`)).toContain('cannot run by itself')
    await app.result('actions add restart --on web-1 --run restart --for shop')
    await fires()
    await app.passes('1m')
    expect(running).toEqual([])
  })
})

it('tells of a run that Vakt did not live to see the end of', async () => {
  await app.result('actions add slow --on web-1 --run "sleep 30" --for shop')
  const alert = await fires()
  void app.says(`actions run slow --alert ${alert}`)
  await started()
  app = await app.restarts('1m', 'killed')
  expect((await runs())[0]).toMatchObject({ outcome: 'unknown' })
  await app.passes('5s')
  expect(JSON.stringify(cardNow().lines)).toContain('unknown, Vakt stopped while it ran')
  void app.says('actions run slow')
  await started(2)
  await ends(running[1]!, 0)
})

it('passes the forced command with the line that "actions show" prints, and with no other', async () => {
  await app.result('actions add hello --on web-1 --run "echo \\"hello from $VAKT_HOST\\""')
  const { sent } = await app.result<{ sent: string }>('actions show hello')
  const folder = mkdtempSync(join(tmpdir(), 'vakt-ssh-'))
  const script = readFileSync('examples/vakt-ssh', 'utf8').replaceAll('/etc/vakt-ssh.d', folder)
  writeFileSync(join(folder, 'hello'), sent)
  const asked = (line: string) =>
    spawnSync('sh', ['-c', script], { env: { ...process.env, SSH_ORIGINAL_COMMAND: line }, encoding: 'utf8' })
  expect(asked(sent)).toMatchObject({ status: 0, stdout: 'hello from web-1\n' })
  expect(asked(sent.replace('hello', 'bye'))).toMatchObject({ status: 126, stdout: '' })
  expect(asked(`${sent}; id`)).toMatchObject({ status: 126, stdout: '' })
  rmSync(folder, { recursive: true })
})

it('lets no name be more than a name', () => {
  const action = { command: 'true', timeLimit: 1_000 } as Action
  const name = fc.string({ unit: 'binary', maxLength: 30 })
  const shellish = fc.stringMatching(/^[a-z'"`$;&|<>(){}\\\s*?!#~=/.-]{0,20}$/)
  fc.assert(
    fc.property(fc.oneof(name, shellish), fc.oneof(name, shellish), (asHost, asContainer) => {
      try {
        const words = actionWords(action, asHost, asContainer)
        expect(words[1]).toMatch(/^VAKT_HOST=[\w.-]+$/)
        expect(words[2]).toMatch(/^VAKT_CONTAINER=[\w.-]*$/)
      } catch (error) {
        expect((error as Error).name).toBe('Problem')
      }
    }),
    { numRuns: 500 },
  )
})
