// Roles as people give them: by mention or id, and never by a name alone.
import { expect, it } from 'vitest'
import { startHouse } from '../src/testing/house.ts'

it.each([
  ['1234567890123456', '1234567890123456'],
  ['<@1234567890123456>', '1234567890123456'],
  ['<@!1234567890123456>', '1234567890123456'],
  ['"<@&42424242>"', '42424242'],
  ['<@U012AB3CD|ann>', 'U012AB3CD'],
  ['"<!subteam^S012AB3CD|@ops>"', 'S012AB3CD'],
  ['@U012AB3CD', 'U012AB3CD'],
])('"roles set %s" is about %s', async (written, who) => {
  const house = await startHouse()
  expect(await house.result(`roles set ${written} viewer`)).toMatchObject({ role: { who, role: 'viewer' } })
  await house.result(`roles remove ${written}`)
  expect(await house.result('roles list')).toEqual({ roles: [] })
})

it.each(['@interns', '<@>', '"two words"'])('"roles set %s" is refused, with what works where', async written => {
  const house = await startHouse()
  expect(await house.says(`roles set ${written} viewer`)).toMatchObject({
    problem: { fields: { who: expect.any(String) }, message: expect.stringMatching(/On Discord .* on Slack .* ids/) },
  })
})

it('the examples in the help work', async () => {
  const house = await startHouse()
  const { commands } = house.desk
  for (const example of commands.find(command => command.name === 'roles set')!.examples)
    expect(await house.says(example)).toMatchObject({ ok: true })
})
