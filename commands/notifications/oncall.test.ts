// Rotations: listed and shown like everything else; no override twice; unknown people.
import { expect, it } from 'vitest'
import { startApp } from '../../src/testing/app.ts'

async function withRotations() {
  const app = await startApp()
  for (const line of ['member add ann', 'member add ben', 'add primary --members ann,ben', 'add nights --members ben'])
    await app.result(`oncall ${line}`)
  return app
}

it.each([
  ['oncall', ['nights', 'primary']],
  ['oncall list', ['nights', 'primary']],
  ['oncall show', ['nights', 'primary']],
  ['oncall show primary', ['primary']],
  ['oncall primary', ['primary']],
])('"%s" shows rotations as in other groups', async (line, names) => {
  const { rotations } = await (await withRotations()).result<{ rotations: { name: string }[] }>(line)
  expect(rotations.map(({ name }) => name).sort()).toEqual(names)
})

it('an override that exists is refused, with its number', async () => {
  const app = await withRotations()
  const line = 'oncall override primary --who ben --from "2026-12-24 09:00" --for 2d'
  await app.result(line)
  const message = 'There is already an override of ben for that time: 1.'
  expect(await app.says(line)).toMatchObject({ problem: { code: 'conflict', message } })
  await app.result('oncall override primary --who ben --from "2026-12-24 09:00" --for 3d')
})

it('an override from 18:00 begins at the next 18:00', async () => {
  const app = await withRotations()
  type Result = { rotation: { overrides: { from: string; until: string }[] } }
  const { rotation } = await app.result<Result>('oncall override primary --who ben --from 18:00 --for 16h')
  expect(rotation.overrides).toMatchObject([{ from: '2026-03-02T18:00:00.000Z', until: '2026-03-03T10:00:00.000Z' }])
  expect(await app.answerText('oncall primary')).toContain('primary: ann until')
})

it('an unknown person is an error that names the next command', async () => {
  const message = 'There is no person "cleo". "oncall member add cleo --slack U012" adds a person.'
  expect(await (await startApp()).says('oncall add x --members cleo')).toMatchObject({ problem: { message } })
})
