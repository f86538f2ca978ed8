// The configuration: all wrong settings at once, by name, and an example file that is never out of date.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import type { Problem } from '../problem.ts'
import { readConfig, readEnvironment, settingsSchema } from './config.ts'

function problemsOf(environment: Record<string, string>): Record<string, string> {
  try {
    readConfig(environment)
  } catch (error) {
    return (error as Problem).fields ?? {}
  }
  return {}
}

describe('the settings', () => {
  it('are all optional', () => {
    expect(readConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      publicUrl: 'http://127.0.0.1:8080',
      platforms: { webhook: {} },
      retentionMs: 72 * 3_600_000,
    })
  })

  const settings = settingsSchema()
  it('are all in .env.example, with their defaults, and no others', () => {
    const example = parseEnv(readFileSync('.env.example', 'utf8')) as Record<string, string>
    expect(Object.keys(example).sort()).toEqual(Object.keys(settings.shape).sort())
    const defaults = settings.parse({}) as Record<string, unknown>
    const written = settings.parse(Object.fromEntries(Object.entries(example).filter(([, value]) => value !== '')))
    expect(written).toEqual(defaults)
  })

  it('of archives name a folder, or a bucket with its keys', () => {
    expect(readConfig({ LOG_DISK_BUDGET: '20GB', ARCHIVE_TO: '/mnt/old logs' }).logs).toEqual({
      diskBudgetBytes: 20e9,
      archive: { kind: 'folder', path: '/mnt/old logs' },
    })
    const keys = { ARCHIVE_S3_ACCESS_KEY: 'AKID', ARCHIVE_S3_SECRET_KEY: 'hush hush' }
    const config = readConfig({ ARCHIVE_TO: 's3://logs/a/b/', ARCHIVE_S3_REGION: 'eu-north-1', ...keys })
    expect(config.logs.archive).toEqual({
      kind: 's3',
      endpoint: 'https://s3.eu-north-1.amazonaws.com',
      region: 'eu-north-1',
      bucket: 'logs',
      prefix: 'a/b',
      accessKey: 'AKID',
      secretKey: 'hush hush',
    })
    expect(config.secrets).toContain('hush hush')
    expect(Object.keys(problemsOf({ ARCHIVE_TO: 's3://logs', LOG_DISK_BUDGET: '20' })).sort()).toEqual([
      'ARCHIVE_S3_ACCESS_KEY',
      'ARCHIVE_S3_SECRET_KEY',
      'LOG_DISK_BUDGET',
    ])
    const wrongs: Record<string, string>[] = [
      { ARCHIVE_TO: 'ftp://x' },
      { ARCHIVE_TO: 's3://A_B', ...keys },
      keys,
      { ARCHIVE_TO: '/x', ...keys },
    ]
    for (const wrong of wrongs) expect([wrong, Object.keys(problemsOf(wrong))]).toEqual([wrong, ['ARCHIVE_TO']])
  })

  it.each([
    [{ LOG_ENGINE_PASSWORD: 'x' }, 'LOG_ENGINE_USER'],
    [{ LOG_ENGINE_USER: 'x' }, 'LOG_ENGINE_PASSWORD'],
  ])('of a log engine with half of its credentials are refused: %j', (settings, missing) => {
    expect(Object.keys(problemsOf({ LOG_ENGINE: 'opensearch:https://a:9200', ...settings }))).toEqual([missing])
  })

  it('that are wrong are all reported at once, by name', () => {
    const problems = problemsOf({
      PORT: '80800',
      TZ: 'Mars/Olympus',
      RETENTION: 'soon',
      PUBLIC_URL: 'vakt',
      TRUST_PROXY: '10.0.0.0/99',
      SLACK_BOT_TOKEN: 'xoxb-1',
      DISCORD_TOKEN: 'abc',
      LOG_LEVEL: 'loud',
    })
    expect(Object.keys(problems).sort()).toEqual(
      [
        'DISCORD_CHANNEL_ID',
        'LOG_LEVEL',
        'PORT',
        'PUBLIC_URL',
        'RETENTION',
        'SLACK_APP_TOKEN',
        'SLACK_CHANNEL_ID',
        'TRUST_PROXY',
        'TZ',
      ].sort(),
    )
    expect(problems.PORT).toBe('must be a port number from 0 to 65535')
  })

  it('never repeat a secret that is wrong', () => {
    expect(JSON.stringify(problemsOf({ SLACK_BOT_TOKEN: 'secret-token', ADMIN_KEY: 'short-secret' }))).not.toMatch(
      /secret-token|short-secret/,
    )
  })

  it('count as not set when they are empty', () => {
    expect(readConfig({ PUBLIC_URL: '', DISCORD_TOKEN: ' ' }).platforms).not.toHaveProperty('discord')
  })

  it.each([
    ['loopback', '127.0.0.1', true],
    ['loopback', '10.0.0.1', false],
    ['all', '203.0.113.9', true],
    ['none', '127.0.0.1', false],
    ['10.0.0.0/8 192.168.1.7', '10.200.0.1', true],
    ['10.0.0.0/8,192.168.1.7', '192.168.1.8', false],
  ])('TRUST_PROXY=%s trusts %s: %s', (text, address, isTrusted) => {
    expect(readConfig({ TRUST_PROXY: text }).trustedProxies.check(address, 'ipv4')).toBe(isTrusted)
  })
})

it('a port that is the default of PORT is not taken for another listener', () => {
  expect(problemsOf({ SYSLOG_TCP_PORT: '8080' })).toEqual({
    SYSLOG_TCP_PORT: 'is 8080, which is that of PORT too; choose another',
  })
  expect(problemsOf({ SYSLOG_TCP_PORT: '8080', PORT: '80', SYSLOG_UDP_PORT: '80' })).toEqual({})
})

describe('a settings file of Windows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vakt-env-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'settings.env')
  const text = 'FIRST_OF_FILE=1\r\nSECOND_OF_FILE=2\r\n'

  it('may begin with a byte order mark', () => {
    writeFileSync(file, `\ufeff${text}`)
    expect(readEnvironment(file)).toMatchObject({ FIRST_OF_FILE: '1', SECOND_OF_FILE: '2' })
  })

  it('in UTF-16 is refused rather than read as empty', () => {
    writeFileSync(file, `\ufeff${text}`, 'utf16le')
    expect(() => readEnvironment(file)).toThrow(`The settings file ${file} is not UTF-8 text.`)
  })

  it('that is not there sets nothing', () => {
    expect(readEnvironment(join(folder, 'none'))).toEqual(process.env)
  })
})
