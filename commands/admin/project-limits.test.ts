// What a project's own admin key may not do: raise its limits, or watch what belongs to all projects; and the usual role of people.
import { beforeEach, describe, expect, it } from 'vitest'
import { startApp, type TestApp } from '../../src/testing/app.ts'

let app: TestApp
const ofShop = { platform: 'api', id: 'k_1', name: 'key k_1', key: { role: 'admin' as const, project: 'shop' } }
const refusal = async (line: string) => {
  const reply = await app.says(line, ofShop)
  return reply.ok ? 'done' : reply.problem.message
}

beforeEach(async () => {
  app = await startApp()
  await app.result('projects add shop')
  await app.result(
    'projects edit shop --rate-limit 1000 --address-limit 100 --emitter-limit 50 --max-body 1MiB --max-lines 500 --max-message 32KiB',
  )
  await app.result('projects edit shop --retention 2d --tag-retention "debug=1h audit=5d"')
})

describe('a key of a project', () => {
  it.each([
    ...['--rate-limit 1001', '--rate-limit 0', '--address-limit 101', '--address-limit 0', '--max-body 2MiB'],
    ...['--emitter-limit 51', '--emitter-limit 0'],
    ...['--max-lines 501', '--max-message 33KiB', '--retention 3d', '--retention none', '--tag-retention "debug=3d"'],
    ...['--tag-retention "audit=6d"', '--remind 1h --rate-limit 2000'],
  ])('does not raise a limit: %s', async flags => {
    expect(await refusal(`projects edit shop ${flags}`)).toContain('cannot raise its limits (--')
    expect((await app.result<{ project: object }>('projects show shop')).project).toMatchObject({
      ...{ rate_limit: 1000, address_limit: 100, emitter_limit: 50, retention_ms: 2 * 86_400_000 },
      limits: { body_bytes: 1_048_576, lines: 500, message_bytes: 32_768 },
    })
  })

  it('lowers its limits and changes everything else', async () => {
    const flags = [
      ...[
        '--rate-limit 999',
        '--address-limit 1',
        '--emitter-limit 9',
        '--max-body 512KiB',
        '--max-lines 10',
        '--max-message 1KiB',
      ],
      ...['--retention 1d', '--tag-retention "audit=5d debug=1d"', '--remind 1h', '--privacy email=mask'],
    ]
    expect(await refusal(`projects edit shop ${flags.join(' ')}`)).toBe('done')
  })

  it('does not rename its project, whose name silences, routes and roles go by', async () => {
    expect(await refusal('projects edit shop --rename bank')).toContain('cannot rename it')
  })

  it('sets limits where there were none', async () => {
    await app.result('projects edit shop --rate-limit 0')
    expect(await refusal('projects edit shop --rate-limit 5')).toBe('done')
    expect(await refusal('projects edit shop --rate-limit 0')).toContain('cannot raise')
  })

  it.each(['cpu', 'memory', 'disk'])('adds no rule over the metric %s of hosts', async metric => {
    const line = `rules add hostcpu --kind threshold --metric ${metric} --operator ">" --threshold 0 --per host`
    expect(await refusal(line)).toContain('hosts, which belong to all projects')
    expect(await refusal('rules add lines --kind threshold --matcher "level>=warn" --threshold 5')).toBe('done')
  })
})

it.each(['viewer', 'responder', 'admin'] as const)(
  'people without a granted role have that of DEFAULT_ROLE: %s',
  async role => {
    app = await startApp({ environment: { DEFAULT_ROLE: role } })
    const member = { id: '5', admin: false }
    const may = async (line: string) => (await app.says(line, member)).ok
    expect([await may('checks list'), await may('checks add job'), await may('projects add shop')]).toEqual([
      true,
      role !== 'viewer',
      role === 'admin',
    ])
    expect(await app.answerText('roles list')).toContain(`Everyone else: ${role}.`)
  },
)
