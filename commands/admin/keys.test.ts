// Keys as people end them, and what is asked before.
import { expect, it } from 'vitest'
import { startApp } from '../../src/testing/app.ts'

it('nobody is asked to confirm the end of a key that opens nothing', async () => {
  const app = await startApp()
  expect(await app.says('keys revoke k_nothing', { interactive: true })).toMatchObject({
    problem: { code: 'not_found' },
  })
  const { key } = await app.result<{ key: { id: string } }>('keys create default')
  expect((await app.says(`keys revoke ${key.id}`, { interactive: true })).card.buttons).toHaveLength(1)
  await app.result(`keys revoke ${key.id}`)
  expect(await app.says(`keys revoke ${key.id}`, { interactive: true })).toMatchObject({
    problem: { code: 'conflict' },
  })
})

it('the confirmation of a removal counts the beats that are deleted', async () => {
  const app = await startApp()
  const beat = await app.hasCheck('job')
  await beat()
  const asked = async () => (await app.says('checks remove job', { interactive: true })).card.lines
  expect(await asked()).toEqual([expect.stringMatching(/^1 beat is deleted/)])
  await beat()
  expect(await asked()).toEqual([expect.stringMatching(/^2 beats are deleted/)])
})
