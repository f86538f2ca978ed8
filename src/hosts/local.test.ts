// Commands on the machine of Vakt: output, exit codes, programs that are missing, and time that is up.
import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../testing/fake-clock.ts'
import { createLocalMachine } from './local.ts'

const clock = createFakeClock(0)
const machine = createLocalMachine({ name: 'here', socket: '/run/some.sock' }, clock)
const sh = (script: string) => ['sh', '-c', script]

describe('a command', () => {
  it('gives its output, its errors and its exit code', async () => {
    expect(await machine.run(sh('echo out; echo err >&2; exit 3'))).toEqual({
      stdout: 'out\n',
      stderr: 'err\n',
      code: 3,
    })
  })

  it('has the socket of the host, and no secret of Vakt', async () => {
    process.env.VAKT_TEST_SECRET = 'x'
    const { stdout } = await machine.run(sh('env'))
    delete process.env.VAKT_TEST_SECRET
    expect(stdout).toContain('DOCKER_HOST=unix:///run/some.sock')
    expect(stdout).not.toContain('VAKT_TEST_SECRET')
  })

  it('that is not installed ends as in a shell', async () => {
    expect(await machine.run(['no-such-program'])).toEqual({
      stdout: '',
      stderr: 'no-such-program: not found',
      code: 127,
    })
  })

  it('that cannot be started is a problem with the reason', async () => {
    await expect(machine.run(['/'])).rejects.toThrow(/^"\/" could not be started on here: .*EACCES/)
  })

  it('that takes too long is killed', async () => {
    const late = machine.run(sh('exec sleep 60'), { timeoutMs: 2_500 })
    const refused = expect(late).rejects.toThrow('"sh" on here took longer than 2.5 s. Try again.')
    await clock.advance(2_500)
    await refused
  })

  it('that ended in time leaves no timer', async () => {
    await machine.run(sh('true'), { timeoutMs: 1_000 })
    await clock.advance(5_000)
  })

  it('that writes without end is killed', async () => {
    expect((await machine.run(sh('exec yes'), { maxBytes: 1_000 })).code).toBe(-1)
  })
})

describe('a command that is followed', () => {
  const follow = async (argv: readonly string[]) => {
    const seen = { out: '', err: '' }
    const running = await machine.stream(argv, {
      stdout: chunk => {
        seen.out += chunk
      },
      stderr: chunk => {
        seen.err += chunk
      },
    })
    return { running, seen }
  }

  it('gives its output as it comes, and its exit code', async () => {
    const { running, seen } = await follow(sh('echo out; echo err >&2; exit 4'))
    expect([await running.ended, seen]).toEqual([4, { out: 'out\n', err: 'err\n' }])
  })

  it('can be stopped', async () => {
    const { running } = await follow(sh('exec sleep 60'))
    running.stop()
    expect(await running.ended).toBe(-1)
  })

  it('that is not installed ends as in a shell; another error is a problem', async () => {
    expect(await (await follow(['no-such-program'])).running.ended).toBe(127)
    await expect(follow(['/'])).rejects.toThrow('could not be started')
  })
})
