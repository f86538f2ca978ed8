// The gallery of cards as golden texts, one file for each platform, and what must stand in the first 300 characters of them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { CARD_TEXTS } from '../../testing/card-texts.ts'
import { picturePayloads } from '../../testing/picture-payloads.ts'
import { playSituations, type Situation } from '../../testing/situations.ts'

const SECRETS = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi
const READ_AT_ONCE = 300

let situations: Situation[] = []
let now = 0

beforeAll(async () => {
  const played = await playSituations()
  situations = played.situations
  now = played.now
})

const textOn = (platform: string, { card, isNotice }: Situation) =>
  CARD_TEXTS[platform]!(card, isNotice, now).replace(SECRETS, '<uuid>').trimEnd()

// Where this fails, the cards are no longer those of the pictures: `npm run pictures` draws them again.
it('the pictures of the documentation show the cards of today', () => {
  const stored = JSON.parse(readFileSync(join(import.meta.dirname, '../../../docs/pictures/payloads.json'), 'utf8'))
  expect(picturePayloads(situations)).toEqual(stored.payloads)
})

describe.each(Object.keys(CARD_TEXTS))('on %s', platform => {
  // After a change of cards: `npx vitest run src/chat/gallery -u`, then read the difference as its readers will.
  it('the cards read as in the gallery', async () => {
    expect(situations.length).toBeGreaterThanOrEqual(40)
    const text = situations.map(one => `=== ${one.name}\n${textOn(platform, one)}\n`).join('\n')
    await expect(text).toMatchFileSnapshot(join(import.meta.dirname, `${platform}.txt`))
  })

  it.runIf(platform === 'telegram' || platform === 'email')('no sentence says an instant twice', () => {
    const repeated = /(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \w+).*\1/
    const sentences = situations.flatMap(one => textOn(platform, one).split('\n'))
    expect(sentences.filter(sentence => repeated.test(sentence))).toEqual([])
  })

  it.each([
    ['is it still broken?', 'missed beat, firing', /Critical: .*not acknowledged/s],
    ['is it over?', 'missed beat, resolved', /Resolved: nightly-backup/],
    ['how bad is it?', 'missed beat, acknowledged', /Critical since/],
    ['since when?', 'missed beat, firing', /Since .{0,12}(2026-11-29|17959\d+)/],
    ['who has it?', 'missed beat, acknowledged', /Acknowledged by .{0,8}Ann/],
    ['which host?', 'missed beat, firing', /on .{0,8}web-1/],
    ['what was expected?', 'missed beat, firing', /Expected a beat every 1d/],
    ['what did the job say?', 'failed job with output', /rsync: no space left on device/],
    ['how long did it last?', 'missed beat, resolved', /for 2h/],
    ['what changed?', 'reply when a snooze is over', /Snooze ended, still firing/],
    ['how many alerts are open?', 'alerts list, many', /\d+ open alerts/],
    ['what did I type wrong?', 'command that there is not', /checks lsit.*checks list/],
    ['what did the line say?', 'log search', /timeout after.*30/s],
  ])('the start of a card answers: %s', (_question, name, wanted) => {
    const situation = situations.find(one => one.name === name)!
    expect(textOn(platform, situation).slice(0, READ_AT_ONCE)).toMatch(wanted)
  })
})
