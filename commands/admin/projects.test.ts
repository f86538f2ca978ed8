// Projects as people name, rename and remove them.
import { describe, expect, it } from 'vitest'
import { startHouse } from '../../src/testing/app.ts'

it('a project that is removed takes its open alerts with it, ended by who removed it', async () => {
  const house = await startHouse()
  await house.result('projects add shop')
  await (await house.hasCheck('till --project shop'))('/fail')
  await (await house.hasCheck('backup'))('/fail')
  await house.result('projects remove shop')
  expect(await house.result('alerts list')).toMatchObject({ total: 1, alerts: [{ project: 'default' }] })
  expect(await house.result('alerts show 1')).toMatchObject({ alerts: [{ state: 'resolved', resolved_by: 'Ann' }] })
  expect(house.channel.messages[0]!.card.title).toBe('Resolved: till reported a failure')
})

describe('a project that is renamed', () => {
  it.each([
    ['shop', 'depot', 'conflict', /a project "depot" already/],
    ['shop', 'A Shop', 'invalid', /"A Shop" cannot be a project name/],
    ['shop', '', 'invalid', /cannot be a project name/],
    ['default', 'main', 'conflict', /cannot be renamed/],
  ])('from %s to "%s" is a %s', async (from, to, code, sentence) => {
    const house = await startHouse()
    await house.result('projects add shop')
    await house.result('projects add depot')
    const reply = await house.says(`projects edit ${from} --rename "${to}"`)
    expect(reply).toMatchObject({ ok: false, problem: { code, message: expect.stringMatching(sentence) } })
  })

  it('keeps its checks, and may be given the name it has', async () => {
    const house = await startHouse()
    await house.result('projects add shop')
    await house.hasCheck('till --project shop')
    await house.result('projects edit shop --rename shop')
    await house.result('projects edit shop --rename store')
    expect(await house.result('checks list --project store')).toMatchObject({ total: 1 })
  })
})
