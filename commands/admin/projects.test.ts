// Projects as people name, rename and remove them.
import { describe, expect, it } from 'vitest'
import { startApp } from '../../src/testing/app.ts'

it('a project that is removed takes its open alerts with it, ended by who removed it', async () => {
  const app = await startApp()
  await app.result('projects add shop')
  await (await app.hasCheck('till --project shop'))('/fail')
  await (await app.hasCheck('backup'))('/fail')
  await app.result('projects remove shop')
  expect(await app.result('alerts list')).toMatchObject({ total: 1, alerts: [{ project: 'default' }] })
  expect(await app.result('alerts show 1')).toMatchObject({ alerts: [{ state: 'resolved', resolved_by: 'Ann' }] })
  expect(app.channel.messages[0]!.card.title).toBe('Resolved: till reported a failure')
})

describe('a project that is renamed', () => {
  it.each([
    ['shop', 'depot', 'conflict', /A project "depot" already/],
    ['shop', 'A Shop', 'invalid', /"A Shop" cannot be a project name/],
    ['shop', '', 'invalid', /cannot be a project name/],
    ['default', 'main', 'conflict', /cannot be renamed/],
  ])('from %s to "%s" is a %s', async (from, to, code, sentence) => {
    const app = await startApp()
    await app.result('projects add shop')
    await app.result('projects add depot')
    const reply = await app.says(`projects edit ${from} --rename "${to}"`)
    expect(reply).toMatchObject({ ok: false, problem: { code, message: expect.stringMatching(sentence) } })
  })

  it('keeps its checks, and may be given the name it has', async () => {
    const app = await startApp()
    await app.result('projects add shop')
    await app.hasCheck('till --project shop')
    await app.result('projects edit shop --rename shop')
    await app.result('projects edit shop --rename store')
    expect(await app.result('checks list --project store')).toMatchObject({ total: 1 })
  })
})
