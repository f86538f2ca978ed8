// Quiet hours as people and scripts are answered.
import { expect, it } from 'vitest'
import { createCommandRunner } from '../../src/testing/command-runner.ts'

it('are for all projects or one, in a zone, and in effect or not', async () => {
  const { run, text, result, clock } = createCommandRunner()
  await run('projects add shop')
  await run('projects edit shop --tz Europe/Oslo')
  expect(await text('quiet-hours show')).toBe('(plain) No quiet hours\nSet some: quiet-hours set "Mon-Sun 22:00-07:00"')
  expect(await text('quiet-hours set "Mon-Sun 22:00-07:00"')).toBe(
    '(plain) Quiet hours\nAll projects: Mon-Sun 22:00-07:00 (UTC), not in effect now',
  )
  expect(await text('quiet-hours set "Mon-Sun 09:00-11:00" --project shop')).toContain(
    'shop: Mon-Sun 09:00-11:00 (Europe/Oslo), in effect until 2026-03-02 10:00:00 UTC',
  )
  expect(await text('quiet-hours set "Mon-Sun 09:00-11:00" --project shop --tz UTC')).toContain(
    'shop: Mon-Sun 09:00-11:00 (UTC), in effect until 2026-03-02 11:00:00 UTC',
  )
  expect(await result('quiet-hours set NEVER --project default')).toMatchObject({
    quiet_hours: [
      { project: null, hours: 'Mon-Sun 22:00-07:00', quiet_until: null },
      { project: 'default', hours: null, quiet_until: null },
    ],
  })
  expect(await text('quiet-hours show --project default')).toBe(
    '(plain) Quiet hours\nAll projects: Mon-Sun 22:00-07:00 (UTC), not in effect now\ndefault: never',
  )
  expect(await result('quiet-hours show')).toMatchObject({ quiet: { length: 3 } })
  expect(await text('quiet-hours set "Mon-Sun 00:00-24:00"')).toContain('These hours cover the whole week.')
  expect(await text('quiet-hours off --project shop')).not.toContain('shop')
  expect(await result('quiet-hours show')).toMatchObject({ quiet: { length: 2 } })
  expect(await text('quiet-hours off')).toBe('(plain) Quiet hours\ndefault: never')
  await clock.advance(0)
})
