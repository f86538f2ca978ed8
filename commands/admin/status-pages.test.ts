// Status pages, keys and the audit as people and scripts are answered.
import { beforeEach, expect, it } from 'vitest'
import { writeAudit } from '../../src/projects/audit.ts'
import { type CommandRunner, createCommandRunner } from '../../src/testing/command-runner.ts'

const NOW = Date.parse('2026-03-02T09:00:00Z')
let app: CommandRunner
beforeEach(async () => {
  app = createCommandRunner()
  for (const name of ['web', 'api']) await app.run(`checks add ${name} --every 1d`)
})

type Page = {
  page: {
    title: string
    about: string
    when_down: string
    message: string | null
    components: { name: string; group: string }[]
  }
}

it('a page shows checks under the names and groups that were written', async () => {
  const page = (words: string) => app.result<Page>(`status publish shop ${words}`)
  expect(await page('--check "Shop / Web site = web" --check api')).toMatchObject({
    page: {
      ...{
        slug: 'shop',
        title: 'Status',
        about: '',
        url: 'http://vakt.test/status/shop',
        badge_url: 'http://vakt.test/badge/shop.svg',
      },
      components: [
        { name: 'Web site', group: 'Shop' },
        { name: 'api', group: '' },
      ],
    },
  })
  expect((await page('--check "a = b = web"')).page.components).toMatchObject([{ name: 'a = b' }])
  const before = (await page('--title Shop')).page
  expect(before).toMatchObject({ title: 'Shop', components: [{}] })
  expect((await page('--about "What we run" --when-down "We look"')).page).toMatchObject({
    title: 'Shop',
    about: 'What we run',
    when_down: 'We look',
  })
  expect((await page('--about none')).page).toMatchObject({ about: '', when_down: 'We look' })
})

it.each([
  ['status publish other --title x', 'Say what the page shows'],
  ['status publish shop --project default --title x', 'The slug "shop" is taken by another page.'],
  [`status publish shop --check "${'x'.repeat(101)} = web"`, 'Names on a page have at most'],
  [`status publish shop --check "${'x'.repeat(101)} / y = web"`, 'Names on a page have at most'],
  ['status publish shop --check nothing', 'nothing'],
])('%s is refused', async (line, message) => {
  await app.run('status publish shop --check web')
  expect(await app.text(line)).toContain(message)
})

it('a page says how many checks it shows, and has a message until it is cleared', async () => {
  expect(await app.text('status publish shop --check web --check api')).toBe(
    [
      '(good) Status page shop is published',
      'Everybody who has the address can read it: http://vakt.test/status/shop',
      'It shows 2 checks.',
      'Open: http://vakt.test/status/shop',
    ].join('\n'),
  )
  expect(await app.text('status publish shop --title x')).toContain('(good) Status page shop changed\n')
  expect(await app.text('status message shop We look into it.')).toMatch(
    /shows your message\n[\s\S]*It shows 2 checks, and your message\./,
  )
  expect(await app.result('status pages')).toMatchObject({ pages: [{ message: { text: 'We look into it.' } }] })
  expect(await app.text('status message shop')).toContain('Status page shop says nothing')
  expect(await app.result('status pages')).toMatchObject({ pages: [{ message: null }] })
  await app.run('status message shop again')
  await app.run('status message shop --text " "')
  expect(await app.result('status pages')).toMatchObject({ pages: [{ message: null }] })
})

it('pages are listed, of one project too, and taken down after a question to a person', async () => {
  expect(await app.text('status pages')).toContain('(plain) 0 status pages\nNo page is published.')
  await app.run('status publish shop --check web')
  await app.run('status publish own --check web --project default')
  expect(await app.result('status pages --project default')).toMatchObject({ pages: [{ slug: 'own' }] })
  expect(await app.text('status pages')).toContain('(plain) 2 status pages\n')
  expect(await app.text('status unpublish shop', { interactive: true })).toContain(
    'Readers of http://vakt.test/status/shop get an error',
  )
  expect(await app.text('status unpublish shop --yes', { interactive: true })).toBe('(muted) Status page shop is down')
  expect(await app.result('status pages')).toMatchObject({ pages: [{ slug: 'own' }] })
  expect(await app.text('status unpublish shop')).toContain('shop')
  expect(await app.text('status unpublish own --project default')).toBe('(muted) Status page own is down')
})

it('a key is shown once to one person, unless another program made its secret', async () => {
  const { run, text, result } = app
  const { card, result: made, audit } = await run('keys create default')
  const { key } = made as { key: { id: string; secret: string } }
  expect(key).toMatchObject({ project: 'default', role: 'intake', signed: false })
  expect(card).toMatchObject({
    code: { text: key.secret },
    fields: [{ inline: true }, { value: 'intake (sends logs)', inline: true }],
  })
  expect(card.lines).toEqual([
    'Store the secret now; it is not shown again.',
    `"keys revoke ${key.id}" revokes the key.`,
  ])
  expect(audit).toEqual({ keyId: key.id })
  const own = await run('keys create default --signed --role viewer --secret secret-of-sentry-16')
  expect(own.card.code).toBeUndefined()
  expect(own.card.lines![0]).toMatch(/^Put signed_by=k_\w+ into the URL/)
  expect(own.result).toMatchObject({ key: { role: 'viewer', signed: true, secret: 'secret-of-sentry-16' } })
  await expect(run('keys create default --secret secret-of-sentry-16')).rejects.toMatchObject({
    fields: { secret: 'needs --signed' },
  })
  const by = { platform: 'telegram', id: '1', name: 'Ann', role: 'admin', isPublic: true }
  expect(await text('keys create default', { by })).toContain('The answer shows the secret of the key')
  expect(await text('keys list')).toMatch(/^\(plain\) 2 keys\n/)
  expect(await text('keys list default')).toContain(`${key.id} default, sends logs`)
  expect(await text('keys list')).toMatch(/k_\w+ default, viewer, signed(\n|$)/)
  expect(await text(`keys revoke ${key.id}`, { interactive: true })).toContain(`Revoke the key ${key.id}?`)
  expect(await run(`keys revoke ${key.id} --yes`, { interactive: true })).toMatchObject({
    audit: { keyId: key.id },
    result: { key: { revoked_at: expect.any(String) } },
  })
  expect(await text('keys list')).toContain(`${key.id} default, sends logs, revoked`)
  await run('projects add empty')
  expect(await text('keys list empty')).toBe('(plain) 0 keys\nNo keys yet. Create one: keys create default')
  expect(await result('keys list empty')).toEqual({ keys: [] })
})

it('the audit has pages, where each change came from, and what it did', async () => {
  const { run, text, result, state } = app
  expect(await text('audit')).toBe('(plain) Nothing was changed yet')
  expect(await text('audit verify')).toBe('(good) The audit is empty')
  const by = { platform: 'discord', id: '1', name: 'Ann' }
  writeAudit(state, by, 'ack all', 'done', NOW, { count: 1234 })
  writeAudit(state, { ...by, platform: 'api', address: '192.0.2.1', keyId: 'k_1' }, 'import x', 'done', NOW, {
    count: 1,
  })
  writeAudit(state, by, 'checks import x', 'done', NOW, { count: 2 })
  writeAudit(state, by, 'logs purge x', 'no', NOW, { count: 3 })
  const at = '2026-03-02 09:00:00 UTC'
  expect(await text('audit')).toBe(
    [
      '(plain) Changes, newest first',
      `${at} · Ann (discord) · logs purge x · 3 removed · refused: no`,
      `${at} · Ann (discord) · checks import x · 2 added`,
      `${at} · Ann (api, 192.0.2.1, k_1) · import x · 1 added`,
      `${at} · Ann (discord) · ack all · 1,234 acknowledged`,
    ].join('\n'),
  )
  expect((await run('audit --limit 4')).card.buttons).toEqual([{ label: 'Older', line: 'audit --limit 4 --before 1' }])
  expect((await run('audit --limit 5')).card.buttons).toEqual([])
  expect(await result('audit --before 2')).toMatchObject({ audit: [{ id: 1, count: 1234, key: null, address: null }] })
  expect(await text('audit verify')).toMatch(/^\(good\) The audit is whole: 4 rows\nRow 4 has the hash [0-9a-f]+$/)
  state.prepare(`update audit set line = 'x' where id = 2`).run()
  expect(await text('audit verify')).toContain('The audit is not whole: row 2 does not fit')
})
