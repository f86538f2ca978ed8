// Analyzers: files that explain alerts, run without shell and environment, within limits, with what they cite verified.
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startApp, type TestApp } from '../../testing/app.ts'
import { readAnalyzerOutput } from './analyzer-output.ts'
import { runFile } from './run-file.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vakt-analyzers-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const script = (name: string, body: string, mode = 0o755) => {
  const file = join(folder, name)
  writeFileSync(file, `#!/bin/sh\n${body}\n`)
  chmodSync(file, mode)
  return file
}
const terminal = { platform: 'terminal', id: 'local', name: 'root' }
const adds = (app: TestApp, name: string, file: string, flags = '') =>
  app.says(`analyzers add ${name} --file ${file} ${flags}`, terminal)
const never = new AbortController().signal

describe('an analyzer', () => {
  it('answers under the card of an alert, some seconds after it notified people, with what it cites', async () => {
    const app = await startApp()
    const input = join(folder, 'input.json')
    const file = script(
      'disks',
      `/bin/cat > ${input}; echo 'The backup job reports a full disk'; echo '- It said so itself [E1: "disk full on db-1"]'; echo '- Aliens did it [L77]'; echo '- No proof at all'`,
    )
    expect((await adds(app, 'disks', file, '--matcher check:backup')).ok).toBe(true)
    const beat = await app.hasCheck('backup --every 1d --host db-1')
    await beat('/fail', { method: 'POST', body: 'disk full on db-1' })
    await app.passes('21s')
    await vi.waitFor(() => expect(app.channel.messages[0]!.replies).toHaveLength(1))
    const text = app.text(app.channel.messages[0]!.replies[0]!.card)
    expect(text).toContain('disks: The backup job reports a full disk')
    expect(text).toContain('It said so itself (observed)')
    expect(text).not.toContain('Aliens')
    expect(text).not.toContain('No proof')
    expect(text).toContain('1/2 citations verified')
    expect(JSON.parse(readFileSync(input, 'utf8'))).toMatchObject({
      version: 1,
      alert: { id: 1, severity: 'critical', labels: { check: 'backup', host: 'db-1' } },
      events: expect.arrayContaining([expect.objectContaining({ id: 'E1' })]),
      coverage: {},
    })
    await app.passes('10m')
    expect(app.channel.messages[0]!.replies.filter(({ card }) => card.title.startsWith('disks'))).toHaveLength(1)
    expect(await app.answerText('analyzers list')).toContain('last run for alert 1')
  })

  it('is registered at the host of Vakt only, never from a chat or with a key of a project', async () => {
    const app = await startApp()
    const file = script('ok', 'echo fine')
    expect(await app.answerText(`analyzers add a --file ${file}`)).toContain('it is registered there: npx vakt')
    for (const platform of ['discord', 'slack', 'telegram', 'ntfy'])
      expect((await app.says(`analyzers add a --file ${file}`, { platform, admin: true })).ok).toBe(false)
    const far = await app.says(`analyzers add a --file ${file}`, { platform: 'api', address: '192.0.2.7' })
    expect(far.ok).toBe(false)
    expect((await app.says(`analyzers add a --file ${file}`, { platform: 'api', address: '127.0.0.1' })).ok).toBe(true)
  })

  it('that others could change, that is no file, or that cannot be executed is refused by name', async () => {
    const app = await startApp()
    const link = join(folder, 'link')
    symlinkSync(script('target', 'echo fine', 0o777), link)
    const cases: [file: string, said: string][] = [
      ['relative/path', 'whole path'],
      [join(folder, 'none'), 'There is no file'],
      [folder, 'is not a file'],
      [script('plain', 'echo', 0o644), 'chmod +x'],
      [link, 'chmod go-w'],
    ]
    for (const [file, said] of cases) {
      const reply = await adds(app, 'a', file)
      expect(reply.ok ? '' : reply.problem.message).toContain(said)
    }
  })

  it('without an answer, or without a true citation, says why to who ran it and posts nothing', async () => {
    const app = await startApp()
    await (await app.hasCheck('job'))('/fail')
    for (const [name, body, said] of [
      ['silent', 'true', 'It answered nothing.'],
      [
        'failing',
        'echo "no access to the database" >&2; exit 3',
        'It failed with exit status 3: no access to the database',
      ],
      ['guessing', 'echo Headline; echo "It was the network [L5]"', 'There is no evidence L5.'],
    ] as const) {
      await adds(app, name, script(name, body), '--matcher check:other')
      expect(await app.answerText(`analyzers run ${name} --alert 1`)).toContain(said)
    }
    expect(await app.answerText('analyzers list')).toContain('no answer: It failed with exit status 3')
    expect(app.channel.messages[0]!.replies).toEqual([])
  })
})

describe('a file is run', () => {
  it('with an empty environment, no arguments, and its input as it is', async () => {
    process.env.SECRET_OF_VAKT = 'hidden'
    const ran = await runFile(
      script('env', '/usr/bin/env | /usr/bin/sort; echo "args $#"; /bin/cat'),
      'in "put" $(id)',
      5_000,
      never,
    )
    delete process.env.SECRET_OF_VAKT
    expect(ran).toMatchObject({ output: expect.stringContaining('args 0\nin "put" $(id)') })
    expect(JSON.stringify(ran)).not.toContain('hidden')
    expect(JSON.stringify(ran)).not.toMatch(/HOME=|NODE|VITEST/)
  })

  it('only as long as it may, with all that it started', async () => {
    const mark = join(folder, 'pid')
    const slow = script('slow', `/bin/sleep 60 & echo $! > ${mark}; wait`)
    expect(await runFile(slow, '', 200, never)).toEqual({ failure: 'It ran longer than 200ms and was ended.' })
    const pid = Number(readFileSync(mark, 'utf8'))
    // A process that nobody waits for stays as a zombie in some containers.
    const isGone = () => {
      try {
        return /^\S+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
      } catch {
        return true
      }
    }
    await vi.waitFor(() => expect(isGone()).toBe(true))
  })

  it('only as long as it writes little', async () => {
    const loud = script('loud', '/usr/bin/yes')
    expect(await runFile(loud, '', 10_000, never)).toEqual({ failure: 'It wrote more than 64 kB and was ended.' })
  })

  it('not when somebody could have changed it since it was registered', async () => {
    const file = script('changed', 'echo fine')
    chmodSync(file, 0o777)
    expect(await runFile(file, '', 1_000, never)).toMatchObject({ failure: expect.stringContaining('chmod go-w') })
  })
})

describe('an answer', () => {
  it.each([
    ['Headline\nA claim [L1].', [{ claim: 'A claim.', kind: 'inference', evidence: [{ id: 'L1', quote: '' }] }]],
    ['Headline\n2) Two [L1, T2]', [{ claim: 'Two', evidence: [{ id: 'L1' }, { id: 'T2' }] }]],
    ['Headline\n* Said [E1: "disk is full"]', [{ kind: 'observed', evidence: [{ id: 'E1', quote: 'disk is full' }] }]],
    ['Only this [M1]', [{ claim: 'Only this', evidence: [{ id: 'M1' }] }]],
    ['Headline\nA [bracket] and [L1x]', [{ claim: 'A [bracket] and [L1x]', evidence: [] }]],
  ])('%j is read', (output, findings) => {
    expect(readAnalyzerOutput(output)).toMatchObject({ findings })
  })

  it('that is empty is none', () => expect(readAnalyzerOutput(' \n')).toBeNull())
})
