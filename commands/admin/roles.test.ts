// Roles as people give them: by mention or id, and never by a name alone.
import { expect, it } from 'vitest'
import { startApp } from '../../src/testing/app.ts'

it.each([
  ['1234567890123456', '1234567890123456'],
  ['<@1234567890123456>', '1234567890123456'],
  ['<@!1234567890123456>', '1234567890123456'],
  ['"<@&42424242>"', '42424242'],
  ['<@U012AB3CD|ann>', 'U012AB3CD'],
  ['"<!subteam^S012AB3CD|@ops>"', 'S012AB3CD'],
  ['@U012AB3CD', 'U012AB3CD'],
])('"roles set %s" is about %s', async (written, who) => {
  const app = await startApp()
  expect(await app.result(`roles set ${written} viewer`)).toMatchObject({ role: { who, role: 'viewer' } })
  await app.result(`roles remove ${written}`)
  expect(await app.result('roles list')).toEqual({ roles: [] })
})

it.each(['@interns', '<@>', '"two words"'])('"roles set %s" is refused, with what works where', async written => {
  const app = await startApp()
  expect(await app.says(`roles set ${written} viewer`)).toMatchObject({
    problem: { fields: { who: expect.any(String) }, message: expect.stringMatching(/On Discord .* on Slack .* ids/) },
  })
})

it.each([
  ['1234567890123456', {}, 'discord'],
  ['"<@&42424242>"', {}, 'discord'],
  ['U012AB3CD', {}, 'slack'],
  ['U012AB3CD', { platform: 'discord', admin: true } as const, 'slack'],
  ['42424242 --platform telegram', {}, 'telegram'],
  ['42424242', { platform: 'telegram', admin: true } as const, 'telegram'],
  ['1234567890123456', { platform: 'discord', admin: true } as const, 'discord'],
])('%s is on the platform that was said, where it was said, or that the id tells', async (who, by, platform) => {
  const app = await startApp()
  const [id, ...flags] = who.split(' ')
  const reply = await app.says(['roles set', id, 'viewer', ...flags].join(' '), { platform: 'terminal', ...by })
  expect(reply).toMatchObject({ result: { role: { platform } } })
})

it.each([
  ['bob admin', 'Name the platform of "bob": --platform discord, or --platform slack, or --platform telegram.'],
  ['bob admin --platform discord', '"bob" is not an id on Discord.'],
  ['U012AB3CD admin --platform discord', '"U012AB3CD" is not an id on Discord.'],
])('"roles set %s" gives nobody a role', async (words, sentence) => {
  const app = await startApp()
  expect(await app.says(`roles set ${words}`, { platform: 'api' })).toMatchObject({
    problem: { message: expect.stringContaining(sentence) },
  })
  expect(await app.result('roles list')).toEqual({ roles: [] })
})

it('the examples in the help work', async () => {
  const app = await startApp()
  const { commands } = app.dispatcher
  for (const example of commands.find(command => command.name === 'roles set')!.examples)
    expect(await app.says(example)).toMatchObject({ ok: true })
})
