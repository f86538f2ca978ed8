// Ready-made texts: each is whole, names this server, and shows secrets only to those who may have them.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { startApp, type TestApp } from '../../src/testing/app.ts'
import { readSnippet } from './snippet.ts'
import { TARGETS } from './targets.ts'

type Shown = { connect: { name: string; snippet: string; needs: string[] } }

let app: TestApp
beforeEach(async () => {
  app = await startApp({ environment: { PUBLIC_URL: 'https://vakt.example.org', FLUENT_PORT: '24225' } })
})
afterEach(() => app.stop())

const shown = async (line: string, speaker = {}) => {
  const reply = await app.says(line, speaker)
  if (!reply.ok) throw reply.problem
  return { ...(reply.result as Shown).connect, text: app.text(reply.card) }
}

describe('the texts', () => {
  it('are those of the list, and no name means two of them', () => {
    const files = readdirSync(join(import.meta.dirname, 'snippets')).map(name => name.replace('.txt', ''))
    expect(files.sort()).toEqual(TARGETS.map(({ name }) => name).sort())
    const names = TARGETS.flatMap(({ name, aliases = [] }) => [name, ...aliases])
    expect(new Set(names).size).toBe(names.length)
  })

  it('are all filled in with the addresses and keys of this server', async () => {
    const { key, ping_key } = await keys()
    for (const target of TARGETS) {
      const { snippet, needs } = await shown(`connect ${target.name}`)
      expect(snippet, target.name).not.toMatch(/<<\w|undefined/)
      expect(snippet, target.name).toContain('vakt.example.org')
      if (readSnippet(target.name).includes('<<key>>')) expect(snippet, target.name).toContain(key)
      if (readSnippet(target.name).includes('<<ping_key>>')) expect(snippet, target.name).toContain(ping_key)
      expect(needs).toEqual(target.needs && target.needs !== 'FLUENT_PORT' ? [target.needs] : [])
      if (target.language === 'yaml') expect(() => parse(snippet), target.name).not.toThrow()
    }
  })
})

async function keys(): Promise<{ key: string; ping_key: string }> {
  const { snippet } = await shown('connect curl')
  const { project } = await app.result<{ project: { ping_key: string } }>('projects show default')
  return { key: /vakt_\w{40}/.exec(snippet)![0], ping_key: project.ping_key }
}

it('the key sends lines, is the same each time until it is revoked, and is one of its project', async () => {
  const { key } = await keys()
  expect((await keys()).key).toBe(key)
  const { keys: listed } = await app.result<{ keys: { id: string; role: string }[] }>('keys list default')
  expect(listed.map(({ role }) => role)).toEqual(['intake'])
  await app.result('projects add shop')
  expect((await shown('connect curl --project shop')).snippet).not.toContain(key)
  await app.result(`keys revoke ${listed[0]!.id}`)
  expect((await keys()).key).not.toBe(key)
})

it('who may not have a key gets the words for it', async () => {
  const responder = { admin: false, id: '7', name: 'Rob' }
  const text = await shown('connect curl', responder)
  expect(text.snippet).toContain('X-Api-Key: <key>')
  expect(text.text).toContain('An admin makes the key: keys create default')
  expect((await shown('connect cron', responder)).snippet).not.toContain('<ping key>')
  await app.result('roles set 123456789012345678 viewer')
  const viewer = await shown('connect cron', { admin: false, id: '123456789012345678', name: 'Vera' })
  expect(viewer.snippet).toContain('/ping/<ping key>')
  expect(viewer.text).toContain('sees the ping key')
  expect(await app.result('keys list default')).toMatchObject({ keys: [] })
})

it('a port that is off is named with its setting', async () => {
  expect((await shown('connect docker')).snippet).toContain('fluentd-address=vakt.example.org:24225')
  const { text, snippet } = await shown('connect rsyslog')
  expect(text).toContain('First set SYSLOG_TCP_PORT=5514 for Vakt and restart it')
  expect(snippet).toContain('target="vakt.example.org" port="5514"')
})

it('names are found by their other names, and mistakes are understood', async () => {
  expect(await shown('connect k8s')).toMatchObject({ name: 'kubernetes' })
  expect(await shown('connect "Spring Boot"')).toMatchObject({ name: 'logback' })
  expect(await app.answerText('connect dokcer')).toContain('Did you mean "connect docker"?')
  expect(await app.answerText('connect cobol')).toContain('There are: curl, shell, docker')
  expect(await app.answerText('connect')).toContain('pino (Node.js)')
})

it('an address that only this machine reaches is said to be one', async () => {
  await app.stop()
  app = await startApp({ environment: { PUBLIC_URL: 'http://localhost:8080' } })
  expect((await shown('connect pino')).text).toContain('works on this machine only')
})
