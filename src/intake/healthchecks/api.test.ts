// Healthchecks' own tests of its API (hc/api/tests at 29b5ec25), case by case, with the names that they have there.
import { beforeAll, describe, expect, it } from 'vitest'
import { uniqueKey } from '../../checks/unique-key.ts'
import { startApp, type TestApp } from '../../testing/app.ts'
import { CASES, NOT_HELD } from './api-cases.testing.ts'

type Document = { [name: string]: unknown; uuid: string; name: string; slug: string }
type Json = { [name: string]: unknown }

let app: TestApp
let projects = 0
const held = new Set<string>()

beforeAll(async () => {
  app = await startApp({ start: '2026-03-02T09:00:00Z' })
})

/** A project of its own with its keys, as each of Healthchecks' tests has. */
async function fresh() {
  const project = `p${++projects}`
  await app.result(`projects add ${project}`)
  const keyOf = async (role: string) =>
    (await app.result<{ key: { secret: string } }>(`keys create ${project} --role ${role}`)).key.secret
  const [rw, ro] = [await keyOf('responder'), await keyOf('viewer')]
  const ask = async (method: string, path: string, body?: unknown, key: string | null = rw) => {
    const response = await app.request(path, {
      method,
      headers: { ...(key === null ? {} : { 'x-api-key': key }), 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type') === 'application/json'
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: (isJson ? JSON.parse(text) : null) as Document,
    }
  }
  const get = (path: string, key: string | null = rw, v = 1) => ask('GET', `/api/v${v}/${path}`, undefined, key)
  const post = (path: string, body: unknown = '', v = 1, key: string | null = rw) =>
    ask('POST', `/api/v${v}/${path}`, body, key)
  const create = async (spec: Json = {}, v = 3) => {
    const { status, json } = await post('checks/', spec, v)
    expect(status).toBe(201)
    return json
  }
  const ping = (uuid: string, suffix = '', init?: RequestInit) => app.request(`/ping/${uuid}${suffix}`, init)
  const count = async () => ((await get('checks/')).json.checks as unknown[]).length
  return { project, rw, ro, ask, get, post, create, ping, count }
}
type Fresh = Awaited<ReturnType<typeof fresh>>

const MADE_UP = '07c2f548-9850-4b27-af5d-6c9dc157ec02'
const ALICE = {
  ...{ name: 'Alice 1', slug: 'alice-1-custom-slug', timeout: 3600, grace: 900, tags: 'a1-tag a1-additional-tag' },
  ...{
    desc: 'This is description',
    filter_subject: true,
    start_kw: 'START',
    success_kw: 'SUCCESS',
    failure_kw: 'ERROR',
  },
}
const CHANNEL = 'discord'

/** An error 400 whose text has a part. */
async function refuses({ post, count }: Fresh, spec: Json, part: string, v = 1) {
  const { status, json } = await post('checks/', spec, v)
  expect([status, json.error]).toEqual([400, expect.stringContaining(part)])
  expect(await count()).toBe(0)
}

const channelOf = async ({ get }: Fresh) =>
  ((await get('channels/')).json.channels as { id: string; name: string }[])[0]!
async function startedIn(version: number, ask: (h: Fresh, check: Document) => Promise<Document>) {
  const h = await fresh()
  const check = await h.create(ALICE)
  await h.ping(check.uuid, '/start')
  const document = await ask(h, check)
  expect([document.status, document.started]).toEqual([version === 1 ? 'started' : 'new', true])
}

const TESTS: { [file: string]: { [name: string]: () => Promise<unknown> } } = {
  get_check: {
    async it_works() {
      const { create, get } = await fresh()
      const { uuid } = await create(ALICE)
      const { status, headers, json } = await get(`checks/${uuid}`)
      expect([status, headers.get('access-control-allow-origin')]).toEqual([200, '*'])
      // Healthchecks has 29 fields in each check; these are all of them.
      expect(Object.keys(json)).toHaveLength(29)
      expect(json).toMatchObject({
        ...{ uuid, slug: 'alice-1-custom-slug', timeout: 3600, grace: 900, last_ping: null, n_pings: 0, status: 'new' },
        ...{ started: false, channels: '', desc: 'This is description', manual_resume: false, methods: '' },
        ...{ subject: 'SUCCESS', subject_fail: 'ERROR', start_kw: 'START', success_kw: 'SUCCESS', failure_kw: 'ERROR' },
        ...{ filter_subject: true, filter_body: false, filter_http_body: false, filter_default_fail: false },
        ping_url: expect.stringMatching(new RegExp(`^http://.*/ping/${uuid}$`)),
        badge_url: expect.stringMatching(/^http:\/\/.*\/b\/2\/[0-9a-f-]{36}\.svg$/),
        update_url: expect.stringMatching(new RegExp(`^http://.*/api/v1/checks/${uuid}$`)),
      })
    },
    it_handles_invalid_uuid: async () => expect((await (await fresh()).get('checks/not-an-uuid')).status).toBe(404),
    it_handles_missing_check: async () => expect((await (await fresh()).get(`checks/${MADE_UP}`)).status).toBe(404),
    async it_handles_unique_key() {
      const { create, get } = await fresh()
      const check = await create(ALICE)
      const { status, json } = await get(`checks/${uniqueKey(check)}`)
      expect([status, Object.keys(json).length, json.ping_url]).toEqual([200, 29, check.ping_url])
    },
    async it_rejects_post_unique_key() {
      const { create, post } = await fresh()
      expect((await post(`checks/${uniqueKey(await create())}`, {})).status).toBe(405)
    },
    async readonly_key_works() {
      const { create, get, ro } = await fresh()
      const { uuid } = await create(ALICE)
      const { status, text } = await get(`checks/${uuid}`, ro)
      expect(status).toBe(200)
      for (const secret of [uuid, '"uuid"', 'ping_url', 'update_url', 'pause_url', 'resume_url', '/ping/'])
        expect(text).not.toContain(secret)
    },
    v1_reports_status_started: () => startedIn(1, async ({ get }, { uuid }) => (await get(`checks/${uuid}`)).json),
    v2_reports_started_separately: () =>
      startedIn(2, async ({ get, rw }, { uuid }) => (await get(`checks/${uuid}`, rw, 2)).json),
    v1_by_unique_key_reports_status_started: () =>
      startedIn(1, async ({ get }, check) => (await get(`checks/${uniqueKey(check)}`)).json),
    v2_by_unique_key_reports_started_separately: () =>
      startedIn(2, async ({ get, rw }, check) => (await get(`checks/${uniqueKey(check)}`, rw, 2)).json),
  },
  list_checks: {
    async it_works() {
      const { create, get, ping } = await fresh()
      const one = await create(ALICE)
      const two = await create({ name: 'Alice 2', tags: 'a2-tag' })
      await ping(two.uuid)
      const { status, headers, json } = await get('checks/')
      expect([status, headers.get('access-control-allow-origin')]).toEqual([200, '*'])
      const url = String(one.update_url).replace('/v3/', '/v1/')
      expect(json.checks).toEqual([
        expect.objectContaining({
          ...{ uuid: one.uuid, timeout: 3600, grace: 900, last_ping: null, next_ping: null, n_pings: 0, status: 'new' },
          ...{ update_url: url, pause_url: `${url}/pause`, ping_url: one.ping_url },
        }),
        expect.objectContaining({
          ...{ uuid: two.uuid, timeout: 86400, grace: 3600, status: 'up' },
          ...{ last_ping: '2026-03-02T09:00:00+00:00', next_ping: '2026-03-03T09:00:00+00:00' },
        }),
      ])
    },
    it_handles_options: () => options('/api/v1/checks/', 'GET'),
    async it_shows_only_users_checks() {
      const bob = await fresh()
      await bob.create({ name: 'Bob 1' })
      const { create, count } = await fresh()
      await create()
      expect(await count()).toBe(1)
    },
    it_works_with_tags_param: () => listed('?tag=a2-tag', ['Alice 2']),
    it_filters_with_multiple_tags_param: () => listed('?tag=a1-tag&tag=a1-additional-tag', ['Alice 1']),
    it_does_not_match_tag_partially: () => listed('?tag=tag', []),
    non_existing_tags_filter_returns_empty_result: () => listed('?tag=non_existing_tag_with_no_checks', []),
    async readonly_key_works() {
      const { create, get, ro } = await fresh()
      const { uuid } = await create(ALICE)
      const { status, text } = await get('checks/', ro)
      expect([status, text.includes(uuid), text.includes('/ping/')]).toEqual([200, false, false])
    },
    v1_reports_status_started: () =>
      startedIn(1, async ({ get }) => ((await get('checks/')).json.checks as Document[])[0]!),
    v2_reports_started_separately: () =>
      startedIn(2, async ({ get, rw }) => ((await get('checks/', rw, 2)).json.checks as Document[])[0]!),
    it_works_with_slug_param: () => listed('?slug=alice-1-custom-slug', ['Alice 1']),
  },
  create_check: {
    async it_works() {
      const spec = {
        ...{ name: 'Foo', tags: 'bar,baz', desc: 'description goes here', timeout: 3600, grace: 60, start_kw: 'START' },
        ...{ success_kw: 'SUCCESS', failure_kw: 'FAILURE', filter_subject: true, filter_body: true },
        ...{ filter_http_body: true, filter_default_fail: true },
      }
      const h = await fresh()
      const { status, headers, json } = await h.post('checks/', { ...spec, api_key: h.rw }, 1, null)
      expect([status, headers.get('access-control-allow-origin')]).toEqual([201, '*'])
      expect(json).toMatchObject({ ...spec, slug: 'foo', last_ping: null, n_pings: 0, methods: '' })
      expect(Object.keys(json)).not.toContain('schedule')
      // The keywords apply to pings.
      await h.ping(json.uuid, '', { method: 'POST', body: 'it was a SUCCESS' })
      await h.ping(json.uuid, '', { method: 'POST', body: 'nothing' })
      const { pings } = (await h.get(`checks/${json.uuid}/pings/`)).json as unknown as { pings: { type: string }[] }
      expect(pings.map(({ type }) => type)).toEqual(['fail', 'success'])
    },
    async it_rejects_null_values() {
      const h = await fresh()
      for (const field of ['channels', 'timeout', 'grace', 'name', 'schedule', 'subject', 'subject_fail', 'unique'])
        await refuses(h, { [field]: null }, `${field} is not a`)
    },
    it_handles_options: () => options('/api/v1/checks/', 'POST'),
    '30_days_works': () =>
      created({ name: 'Foo', timeout: 2592000, grace: 2592000 }, { timeout: 2592000, grace: 2592000 }),
    it_accepts_api_key_in_header: () => created({ name: 'Foo' }, { name: 'Foo' }),
    it_assigns_channels: () => created({ channels: '*' }, { channels: CHANNEL }),
    async it_sets_channel_by_name() {
      const { name, id } = await channelOf(await fresh())
      await created({ channels: name }, { channels: id })
    },
    it_handles_channel_lookup_by_name_with_no_results: async () =>
      refuses(await fresh(), { channels: 'abc' }, 'invalid channel identifier: abc'),
    it_rejects_multiple_empty_channel_names: async () =>
      refuses(await fresh(), { channels: ',' }, 'empty channel identifier'),
    it_rejects_non_string_channels_key: async () =>
      refuses(await fresh(), { channels: 123 }, 'channels is not a string'),
    it_supports_unique_name: () => unique({ name: 'Foo' }, { name: 'Foo', tags: 'bar' }, 'name'),
    async it_creates_new_check_if_unique_references_absent_field() {
      const h = await fresh()
      for (const field of ['name', 'slug', 'tags', 'timeout', 'grace'])
        expect((await h.post('checks/', { unique: [field] })).status).toBe(201)
      expect(await h.count()).toBe(5)
    },
    it_supports_unique_slug: () => unique({ slug: 'foo' }, { slug: 'foo', tags: 'bar' }, 'slug'),
    it_supports_unique_tags: () => unique({ tags: 'foo' }, { tags: 'foo' }, 'tags'),
    it_supports_unique_timeout: () => unique({ timeout: 123 }, { timeout: 123 }, 'timeout'),
    it_supports_unique_grace: () => unique({ grace: 123 }, { grace: 123 }, 'grace'),
    async it_handles_empty_unique_parameter() {
      const h = await fresh()
      for (const _ of [1, 2]) expect((await h.post('checks/', { name: 'Hello', unique: [] })).status).toBe(201)
      const { checks } = (await h.get('checks/')).json as unknown as { checks: Document[] }
      expect(checks.map(({ name }) => name)).toEqual(['Hello', 'Hello'])
    },
    async it_handles_missing_request_body() {
      const { status, json } = await (await fresh()).post('checks/', undefined, 1, null)
      expect([status, json.error]).toEqual([401, 'missing api key'])
    },
    async it_handles_invalid_json() {
      const { status, json } = await (await fresh()).post('checks/', 'this is not json')
      expect([status, json.error]).toEqual([400, 'could not parse request body'])
    },
    async it_handles_non_dict_json() {
      const { status, json } = await (await fresh()).post('checks/', [])
      expect([status, json.error]).toEqual([400, 'json validation error: value is not an object'])
    },
    it_rejects_wrong_api_key: async () =>
      expect((await (await fresh()).post('checks/', { api_key: 'Y'.repeat(32) }, 1, null)).status).toBe(401),
    it_rejects_small_timeout: async () => refuses(await fresh(), { timeout: 0 }, 'timeout is too small'),
    it_rejects_large_timeout: async () => refuses(await fresh(), { timeout: 31536001 }, 'timeout is too large'),
    it_rejects_non_number_timeout: async () => refuses(await fresh(), { timeout: 'oops' }, 'timeout is not a number'),
    it_rejects_non_string_name: async () => refuses(await fresh(), { name: false }, 'name is not a string'),
    it_rejects_long_name: async () => refuses(await fresh(), { name: '01234567890'.repeat(20) }, 'name is too long'),
    unique_accepts_only_specific_values: async () =>
      refuses(await fresh(), { name: 'Foo', unique: ['status'] }, "an item in 'unique' has unexpected value"),
    it_rejects_bad_unique_values: async () =>
      refuses(await fresh(), { name: 'Foo', unique: 'not a list' }, 'not an array'),
    async it_supports_cron_syntax() {
      const json = await created(
        { schedule: '5 * * * *', tz: 'Europe/Riga', grace: 60 },
        { schedule: '5 * * * *', tz: 'Europe/Riga', grace: 60 },
      )
      expect(Object.keys(json)).not.toContain('timeout')
    },
    async it_validates_cron_expression() {
      for (const schedule of ['bad-expression', '* * * * * *'])
        await refuses(await fresh(), { schedule }, 'schedule is not a valid cron or OnCalendar expression')
    },
    it_rejects_long_cron_expression: async () =>
      refuses(await fresh(), { schedule: `${'1,'.repeat(100)}1 * * * *` }, 'schedule is too long'),
    it_validates_timezone: async () =>
      refuses(await fresh(), { schedule: '* * * * *', tz: 'not-a-timezone' }, 'tz is not a valid timezone'),
    it_supports_oncalendar_syntax: () =>
      created({ schedule: '12:34', tz: 'Europe/Riga', grace: 60 }, { schedule: '12:34', tz: 'Europe/Riga', grace: 60 }),
    it_validates_oncalendar_expression: async () =>
      refuses(await fresh(), { schedule: '12:34 error' }, 'schedule is not a valid cron or OnCalendar expression'),
    it_sets_default_timeout: () => created({}, { timeout: 86400 }),
    it_rejects_readonly_key: async () => {
      const h = await fresh()
      expect((await h.post('checks/', { api_key: h.ro, name: 'Foo' }, 1, null)).status).toBe(401)
    },
    it_sets_manual_resume: () => created({ manual_resume: true }, { manual_resume: true }),
    it_rejects_non_boolean_manual_resume: async () =>
      refuses(await fresh(), { manual_resume: 'surprise' }, 'manual_resume is not a boolean'),
    async it_rejects_non_boolean_filter_flags() {
      for (const field of ['filter_subject', 'filter_body', 'filter_http_body', 'filter_default_fail'])
        await refuses(await fresh(), { [field]: 'surprise' }, `${field} is not a boolean`)
    },
    it_sets_methods: () => created({ methods: 'POST' }, { methods: 'POST' }),
    it_rejects_bad_methods_value: async () =>
      refuses(await fresh(), { methods: 'bad-value' }, 'methods has unexpected value'),
    async it_rejects_long_filtering_keywords() {
      for (const field of ['subject', 'subject_fail', 'start_kw', 'success_kw', 'failure_kw'])
        await refuses(await fresh(), { [field]: 'A'.repeat(201) }, `${field} is too long`)
    },
    it_sets_success_kw: () =>
      created({ subject: 'SUCCESS,COMPLETE' }, { filter_subject: true, success_kw: 'SUCCESS,COMPLETE' }),
    it_sets_failure_kw: () =>
      created({ subject_fail: 'FAILED,FAILURE' }, { filter_subject: true, failure_kw: 'FAILED,FAILURE' }),
    it_rejects_non_string_subject: async () => refuses(await fresh(), { subject: false }, 'subject is not a string'),
    it_rejects_non_string_subject_fail: async () =>
      refuses(await fresh(), { subject_fail: false }, 'subject_fail is not a string'),
    v2_reports_started_separately: () =>
      startedIn(2, async ({ post }) => (await post('checks/', { name: 'Alice 1', unique: ['name'] }, 2)).json),
    v3_saves_slug: () => created({ name: 'Foo', slug: 'custom-slug' }, { name: 'Foo', slug: 'custom-slug' }, 3),
    v3_does_not_autogenerate_slug: () => created({ name: 'Foo' }, { slug: '' }, 3),
    async it_handles_invalid_slug() {
      for (const slug of ['Uppercase', 'special!', 'look spaces'])
        await refuses(await fresh(), { name: 'Foo', slug }, 'slug does not match pattern', 3)
    },
    it_rejects_long_slug: async () =>
      refuses(await fresh(), { name: 'Foo', slug: 'a'.repeat(101) }, 'slug is too long', 3),
  },
  update_check: {
    async it_works() {
      const { create, ping, post, get } = await fresh()
      const { uuid } = await create()
      await ping(uuid)
      const spec = { name: 'Foo', tags: 'bar,baz', desc: 'My description', timeout: 3600, grace: 60 }
      const { status, headers, json } = await post(`checks/${uuid}`, {
        ...{ ...spec, filter_http_body: true, filter_default_fail: true },
      })
      expect([status, headers.get('access-control-allow-origin')]).toEqual([200, '*'])
      expect(json).toMatchObject({ ...spec, slug: 'foo', filter_http_body: true, filter_default_fail: true })
      expect(json.next_ping).toBe('2026-03-02T10:00:00+00:00')
      expect((await get(`checks/${uuid}`)).json).toEqual(json)
    },
    it_handles_options: async () => options(`/api/v1/checks/${MADE_UP}`, 'POST'),
    it_unassigns_channels: () => updated({ channels: '*' }, { channels: '' }, { channels: '' }),
    it_handles_invalid_uuid: async () =>
      expect((await (await fresh()).post('checks/not-an-uuid', {})).status).toBe(404),
    it_handles_missing_check: async () =>
      expect((await (await fresh()).post(`checks/${MADE_UP}`, {})).status).toBe(404),
    it_validates_ownership: async () => {
      const { uuid } = await (await fresh()).create()
      expect((await (await fresh()).post(`checks/${uuid}`, {})).status).toBe(403)
    },
    it_updates_cron_to_simple: () => updated({ schedule: '5 * * * *' }, { timeout: 3600 }, { timeout: 3600 }),
    it_updates_cron_to_oncalendar: () =>
      updated({ schedule: '5 * * * *' }, { schedule: '12:34' }, { schedule: '12:34' }),
    it_sets_single_channel: () => updated({}, { channels: CHANNEL }, { channels: CHANNEL }),
    it_sets_the_channel_only_once: () => updated({}, { channels: `${CHANNEL},${CHANNEL}` }, { channels: CHANNEL }),
    it_sets_channel_by_name: async () =>
      updated({}, { channels: (await channelOf(await fresh())).name }, { channels: CHANNEL }),
    it_handles_asterix: () => updated({}, { channels: '*' }, { channels: CHANNEL }),
    it_ignores_channels_if_channels_key_missing: () => updated({ channels: '*' }, {}, { channels: CHANNEL }),
    it_rejects_bad_channel_code: () =>
      unchanged({ channels: 'abc', name: 'New Name' }, 'invalid channel identifier: abc'),
    it_rejects_missing_channel: () => unchanged({ channels: MADE_UP }, `invalid channel identifier: ${MADE_UP}`),
    it_handles_channel_lookup_by_name_with_no_results: () =>
      unchanged({ channels: 'foo' }, 'invalid channel identifier: foo'),
    it_rejects_multiple_empty_channel_names: () => unchanged({ channels: ',' }, 'empty channel identifier'),
    it_rejects_non_string_channels_key: () => unchanged({ channels: 123 }, 'channels is not a string'),
    it_rejects_non_string_desc: () => unchanged({ desc: 123 }, 'desc is not a string'),
    async it_rejects_null_values() {
      for (const field of ['channels', 'timeout', 'grace', 'name', 'schedule', 'subject', 'subject_fail', 'unique'])
        await unchanged({ [field]: null }, `${field} is not a`)
    },
    async it_validates_schedule() {
      const samples = ['* invalid *', '1,2 61 * * *', '0 0 31 2 *', 'Surprise 12:34', '12:34 Europe/surprise']
      for (const schedule of samples) await unchanged({ schedule }, 'schedule is not a valid')
    },
    it_rejects_readonly_key: async () => {
      const { create, post, ro } = await fresh()
      const { uuid } = await create()
      expect((await post(`checks/${uuid}`, { name: 'Foo' }, 1, ro)).status).toBe(401)
    },
    it_sets_manual_resume_to_true: () => updated({}, { manual_resume: true }, { manual_resume: true }),
    it_sets_manual_resume_to_false: () =>
      updated({ manual_resume: true }, { manual_resume: false }, { manual_resume: false }),
    it_sets_methods: () => updated({}, { methods: 'POST' }, { methods: 'POST' }),
    it_clears_methods: () => updated({ methods: 'POST' }, { methods: '' }, { methods: '' }),
    it_leaves_methods_unchanged: () => updated({ methods: 'POST' }, {}, { methods: 'POST' }),
    it_rejects_bad_methods_value: () => unchanged({ methods: 'bad-value' }, 'methods has unexpected value'),
    it_sets_success_kw: () =>
      updated({}, { subject: 'SUCCESS,COMPLETE' }, { filter_subject: true, success_kw: 'SUCCESS,COMPLETE' }),
    it_sets_failure_kw: () =>
      updated({}, { subject_fail: 'FAILED,FAILURE' }, { filter_subject: true, failure_kw: 'FAILED,FAILURE' }),
    it_unsets_filter_subject_flag: () =>
      updated(
        { filter_subject: true, success_kw: 'SUCCESS' },
        { subject: '' },
        { filter_subject: false, success_kw: '' },
      ),
    it_accepts_60_days_timeout: () => updated({}, { timeout: 5184000 }, { timeout: 5184000 }),
    it_rejects_out_of_range_timeout: () => unchanged({ timeout: 500 * 86400 }, 'timeout is too large'),
    it_prioritizes_filter_subject_field: () =>
      updated({}, { subject: 'SUCCESS', filter_subject: false }, { filter_subject: false, success_kw: 'SUCCESS' }),
    v1_reports_status_started: () =>
      startedIn(1, async ({ post }, { uuid }) => (await post(`checks/${uuid}`, {})).json),
    v2_reports_started_separately: () =>
      startedIn(2, async ({ post }, { uuid }) => (await post(`checks/${uuid}`, {}, 2)).json),
    v3_saves_slug: () => updated({}, { slug: 'updated-slug' }, { slug: 'updated-slug' }, 3),
    v3_does_not_autogenerate_slug: () => updated({ slug: 'foo' }, { name: 'Bar' }, { slug: 'foo', name: 'Bar' }, 3),
  },
  delete_check: {
    async it_works() {
      const { create, ask, get } = await fresh()
      const { uuid } = await create()
      const { status, headers, json } = await ask('DELETE', `/api/v2/checks/${uuid}`)
      expect([status, headers.get('access-control-allow-origin'), json.uuid]).toEqual([200, '*', uuid])
      expect((await get(`checks/${uuid}`)).status).toBe(404)
    },
    it_handles_missing_check: async () =>
      expect((await (await fresh()).ask('DELETE', `/api/v2/checks/${MADE_UP}`)).status).toBe(404),
    it_handles_options: () => options(`/api/v2/checks/${MADE_UP}`, 'DELETE'),
    it_handles_missing_api_key: () => missingKey('DELETE', `checks/${MADE_UP}`),
    v1_reports_status_started: () =>
      startedIn(1, async ({ ask }, { uuid }) => (await ask('DELETE', `/api/v1/checks/${uuid}`)).json),
    v2_reports_started_separately: () =>
      startedIn(2, async ({ ask }, { uuid }) => (await ask('DELETE', `/api/v2/checks/${uuid}`)).json),
  },
  pause: {
    async it_works() {
      const { create, ping, post, get } = await fresh()
      const { uuid } = await create()
      await ping(uuid)
      const { status, headers, json } = await post(`checks/${uuid}/pause`, '', 3)
      expect([status, headers.get('access-control-allow-origin'), json.status]).toEqual([200, '*', 'paused'])
      expect((await get(`checks/${uuid}/flips/`)).json.flips).toHaveLength(2)
    },
    async it_accepts_api_key_in_post_body() {
      const { create, post, rw } = await fresh()
      const { uuid } = await create()
      const { status, json } = await post(`checks/${uuid}/pause`, { api_key: rw }, 3, null)
      expect([status, json.status]).toEqual([200, 'paused'])
    },
    it_handles_options: () => options(`/api/v3/checks/${MADE_UP}/pause`, 'POST'),
    it_only_allows_post: async () => expect((await (await fresh()).get(`checks/${MADE_UP}/pause`)).status).toBe(405),
    it_validates_ownership: async () => {
      const { uuid } = await (await fresh()).create()
      expect((await (await fresh()).post(`checks/${uuid}/pause`)).status).toBe(403)
    },
    it_validates_uuid: async () => expect((await (await fresh()).post('checks/not-uuid/pause')).status).toBe(404),
    it_handles_missing_check: async () =>
      expect((await (await fresh()).post(`checks/${MADE_UP}/pause`)).status).toBe(404),
    async it_clears_last_start_alert_after() {
      const { create, ping, post } = await fresh()
      const { uuid } = await create()
      await ping(uuid, '/start')
      const { json } = await post(`checks/${uuid}/pause`)
      expect([json.started, json.next_ping]).toEqual([false, null])
    },
    it_rejects_non_dict_post_body: async () => {
      const { status, json } = await (await fresh()).post(`checks/${MADE_UP}/pause`, '123')
      expect([status, json.error]).toEqual([400, 'json validation error: value is not an object'])
    },
    async it_does_not_pause_already_paused_check() {
      const { create, post, get } = await fresh()
      const { uuid } = await create()
      for (const _ of [1, 2]) expect((await post(`checks/${uuid}/pause`)).status).toBe(200)
      expect((await get(`checks/${uuid}/flips/`)).json.flips).toHaveLength(1)
    },
  },
  resume: {
    async it_works() {
      const { create, ping, post } = await fresh()
      const { uuid } = await create()
      await ping(uuid)
      await post(`checks/${uuid}/pause`)
      const { status, headers, json } = await post(`checks/${uuid}/resume`)
      expect([status, headers.get('access-control-allow-origin')]).toEqual([200, '*'])
      expect(json).toMatchObject({ status: 'new', started: false, last_ping: null, next_ping: null })
    },
    async it_handles_not_paused_checks() {
      const { create, post } = await fresh()
      const { status, text } = await post(`checks/${(await create()).uuid}/resume`)
      expect([status, text]).toEqual([409, 'check is not paused'])
    },
    async it_accepts_api_key_in_post_body() {
      const { create, post, rw } = await fresh()
      const { uuid } = await create()
      await post(`checks/${uuid}/pause`)
      expect((await post(`checks/${uuid}/resume`, { api_key: rw }, 1, null)).json.status).toBe('new')
    },
    it_handles_options: () => options(`/api/v1/checks/${MADE_UP}/resume`, 'POST'),
    it_only_allows_post: async () => expect((await (await fresh()).get(`checks/${MADE_UP}/resume`)).status).toBe(405),
    it_validates_ownership: async () => {
      const { uuid } = await (await fresh()).create()
      expect((await (await fresh()).post(`checks/${uuid}/resume`)).status).toBe(403)
    },
    it_validates_uuid: async () => expect((await (await fresh()).post('checks/not-uuid/resume')).status).toBe(404),
    it_handles_missing_check: async () =>
      expect((await (await fresh()).post(`checks/${MADE_UP}/resume`)).status).toBe(404),
    it_rejects_non_dict_post_body: async () =>
      expect((await (await fresh()).post(`checks/${MADE_UP}/resume`, '123')).status).toBe(400),
  },
  get_pings: {
    async it_works() {
      const { create, ping, get, rw } = await fresh()
      const { uuid } = await create()
      await ping(uuid, '', { headers: { 'user-agent': 'foo-agent' } })
      const { status, headers, json } = await get(`checks/${uuid}/pings/`, rw, 3)
      expect([status, headers.get('access-control-allow-origin')]).toEqual([200, '*'])
      expect(json.pings).toEqual([
        {
          ...{ type: 'success', date: '2026-03-02T09:00:00+00:00', n: 1, scheme: 'http', remote_addr: '127.0.0.1' },
          ...{ method: 'GET', ua: 'foo-agent', rid: null, body_url: null },
        },
      ])
    },
    readonly_key_is_not_allowed: () => readOnlyRefused('pings/'),
    it_rejects_post: async () => expect((await (await fresh()).post(`checks/${MADE_UP}/pings/`)).status).toBe(405),
    it_handles_missing_api_key: () => missingKey('GET', `checks/${MADE_UP}/pings/`),
    async it_calculates_overlapping_durations() {
      const overlapping = await startApp({ start: '2026-03-02T09:00:00Z' })
      const { uuid } = (await overlapping.hasCheck('job --every 1d')).check
      const [a, b] = [MADE_UP, MADE_UP.replace('07', '08')]
      const ping = (suffix: string) => overlapping.request(`/ping/${uuid}${suffix}`)
      await ping(`/start?rid=${a}`)
      await overlapping.passes('1m')
      await ping(`/start?rid=${b}`)
      await overlapping.passes('1m')
      await ping(`?rid=${a}`)
      await overlapping.passes('4m')
      await ping(`?rid=${b}`)
      const headers = { 'x-api-key': 'admin-key-for-tests' }
      const response = await overlapping.request(`/api/v3/checks/${uuid}/pings/`, { headers })
      const { pings } = (await response.json()) as { pings: { duration: number; rid: string }[] }
      expect(pings.slice(0, 2).map(({ duration }) => duration)).toEqual([300, 120])
      expect(pings[0]!.rid).toBe(b)
    },
    async it_disables_duration_calculation() {
      const { create, ping, get } = await fresh()
      const { uuid } = await create()
      for (let i = 10; i < 20; i++) await ping(uuid, `?rid=${MADE_UP.replace('07', String(i))}`)
      const { pings } = (await get(`checks/${uuid}/pings/`)).json as unknown as { pings: Json[] }
      expect(pings.some(({ duration }) => duration !== undefined)).toBe(false)
    },
    async it_handles_rid() {
      const { create, ping, get } = await fresh()
      const { uuid } = await create()
      await ping(uuid, `?rid=${MADE_UP}`)
      expect((await get(`checks/${uuid}/pings/`)).json.pings).toMatchObject([{ rid: MADE_UP }])
    },
    async it_handles_empty_body_raw() {
      const { create, ping, get } = await fresh()
      const { uuid } = await create()
      await ping(uuid, '', { method: 'POST', body: '' })
      expect((await get(`checks/${uuid}/pings/`)).json.pings).toMatchObject([{ body_url: null }])
    },
    async it_handles_nonempty_body_raw() {
      const { create, ping, get, rw } = await fresh()
      const { uuid } = await create()
      await ping(uuid, '', { method: 'POST', body: 'this is ping body' })
      const url = expect.stringMatching(new RegExp(`^http://.*/api/v3/checks/${uuid}/pings/1/body$`))
      expect((await get(`checks/${uuid}/pings/`, rw, 3)).json.pings).toMatchObject([{ body_url: url }])
    },
  },
  get_ping_body: {
    async it_works() {
      const { status, headers, text } = await bodyOf('Foo\nBar\nBaz')
      expect([status, headers.get('content-type'), text]).toEqual([200, 'text/plain', 'Foo\nBar\nBaz'])
      expect(headers.get('access-control-allow-origin')).toBe('*')
    },
    it_handles_missing_api_key: () => missingKey('GET', `checks/${MADE_UP}/pings/1/body`),
    readonly_key_is_not_allowed: () => readOnlyRefused('pings/1/body'),
    it_rejects_post: async () =>
      expect((await (await fresh()).post(`checks/${MADE_UP}/pings/1/body`)).status).toBe(405),
    it_rejects_charlies_key: async () => {
      const { create, ping } = await fresh()
      const { uuid } = await create()
      await ping(uuid, '', { method: 'POST', body: 'secret' })
      expect((await (await fresh()).get(`checks/${uuid}/pings/1/body`)).status).toBe(403)
    },
    async it_checks_n_threshold() {
      const { create, ping, get } = await fresh()
      const { uuid } = await create()
      await ping(uuid, '', { method: 'POST', body: 'first' })
      for (let i = 0; i < 200; i++) await ping(uuid)
      expect((await get(`checks/${uuid}/pings/1/body`)).status).toBe(404)
    },
    it_handles_no_body: async () => expect((await bodyOf('')).status).toBe(404),
    async it_returns_original_bytes() {
      const { create, ping, rw } = await fresh()
      const { uuid } = await create()
      const bytes = Buffer.from('Hello\u0001\u0099World', 'latin1')
      await ping(uuid, '', { method: 'POST', body: bytes })
      const response = await app.request(`/api/v1/checks/${uuid}/pings/1/body`, { headers: { 'x-api-key': rw } })
      expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes)
    },
  },
  get_flips: {
    async it_works() {
      const { status, json } = await flipsOf()
      expect([status, json]).toEqual([200, { flips: [{ timestamp: '2026-03-02T09:00:00+00:00', up: 1 }] }])
    },
    async it_works_with_unique_key() {
      const { create, ping, get } = await fresh()
      const check = await create()
      await ping(check.uuid)
      expect((await get(`checks/${uniqueKey(check)}/flips/`)).json.flips).toHaveLength(1)
    },
    readonly_key_is_allowed: async () => {
      const { create, get, ro } = await fresh()
      const { uuid } = await create()
      expect((await get(`checks/${uuid}/flips/`, ro)).status).toBe(200)
    },
    it_rejects_post: async () => expect((await (await fresh()).post(`checks/${MADE_UP}/flips/`)).status).toBe(405),
    it_rejects_non_integer_start: async () => expect((await flipsOf('?start=abc')).status).toBe(400),
    it_rejects_negative_start: async () => expect((await flipsOf('?start=-123')).status).toBe(400),
    it_filters_by_start: async () => expect((await flipsOf('?start=1772442001')).json.flips).toEqual([]),
    it_filters_by_end: async () => expect((await flipsOf('?end=1772442000')).json.flips).toEqual([]),
    it_rejects_huge_start: async () => expect((await flipsOf('?start=12345678901234567890')).status).toBe(400),
    it_rejects_negative_seconds: async () => expect((await flipsOf('?seconds=-123')).status).toBe(400),
    it_rejects_huge_seconds: async () => expect((await flipsOf('?seconds=12345678901234567890')).status).toBe(400),
    it_handles_missing_api_key: () => missingKey('GET', `checks/${MADE_UP}/flips/`),
  },
  list_channels: {
    async it_works() {
      const { status, headers, json } = await (await fresh()).get('channels/')
      expect([status, headers.get('access-control-allow-origin')]).toEqual([200, '*'])
      expect(json.channels).toEqual([{ id: CHANNEL, name: expect.any(String), kind: 'discord' }])
    },
    it_handles_options: () => options('/api/v1/channels/', 'GET'),
    it_handles_missing_api_key: () => missingKey('GET', 'channels/'),
    it_rejects_post: async () => expect((await (await fresh()).post('channels/')).status).toBe(405),
  },
  get_badges: {
    async it_works() {
      const { create, get } = await fresh()
      await create({ tags: 'foo bar' })
      const { status, headers, json } = await get('badges/')
      expect([status, headers.get('access-control-allow-origin')]).toEqual([200, '*'])
      const badges = json.badges as { [tag: string]: Json }
      expect(Object.keys(badges).sort()).toEqual(['*', 'bar', 'foo'])
      expect(Object.keys(badges.foo!).sort()).toEqual(['json', 'json3', 'shields', 'shields3', 'svg', 'svg3'])
    },
    readonly_key_is_allowed: async () => {
      const { get, ro } = await fresh()
      expect((await get('badges/', ro)).status).toBe(200)
    },
    it_rejects_post: async () => expect((await (await fresh()).post('badges/')).status).toBe(405),
    it_handles_missing_api_key: () => missingKey('GET', 'badges/'),
  },
  badge: {
    async it_rejects_bad_signature() {
      const { pathOf } = await tagBadges('foo bar')
      expect((await app.request(pathOf('svg').replace(/\/[\w-]{8}-2\//, '/12345678/'))).status).toBe(404)
    },
    it_returns_svg: async () => isSvg((await tagBadges('foo bar')).pathOf('svg')),
    it_rejects_bad_format: async () =>
      expect((await app.request(`${(await tagBadges('foo')).pathOf('json')}foo`)).status).toBe(404),
    it_handles_options: async () => {
      const response = await app.request((await tagBadges('foo')).pathOf('svg'), { method: 'OPTIONS' })
      expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
    },
    it_handles_new: async () => counts((await tagBadges('foo')).pathOf('json'), 'up', 0, 0),
    async it_ignores_started_when_down() {
      const { pathOf, ping, uuid } = await tagBadges('foo')
      await ping(uuid, '/fail')
      await ping(uuid, '/start')
      await counts(pathOf('json'), 'down', 0, 1)
    },
    async it_treats_late_as_up() {
      const { pathOf } = await tagBadges('foo', 'late')
      await counts(pathOf('json'), 'up', 1, 0)
    },
    async it_handles_special_characters() {
      const { pathOf } = await tagBadges('db@dc1')
      expect((await app.request(pathOf('svg', 'db@dc1'))).status).toBe(200)
      const twice = pathOf('svg3', 'db@dc1').replace('%40', '%2540')
      expect((await app.request(twice)).status).toBe(200)
    },
    async late_mode_returns_late_status() {
      const { pathOf } = await tagBadges('foo', 'late')
      await counts(pathOf('json3'), 'late', 1, 0)
    },
    async late_mode_ignores_started_when_late() {
      const { pathOf, ping, uuid } = await tagBadges('foo', 'late')
      await ping(uuid, '/start')
      await counts(pathOf('json3'), 'late', 1, 0)
    },
    async it_returns_shields_json() {
      const response = await app.request((await tagBadges('foo')).pathOf('shields'))
      expect(await response.json()).toEqual({ schemaVersion: 1, label: 'foo', message: 'up', color: 'success' })
    },
  },
  check_badge: {
    it_handles_bad_badge_key: async () =>
      expect((await app.request('/b/2/869fe06a-a604-4140-b15a-118637c25f3e.svg')).status).toBe(404),
    it_returns_svg: async () => isSvg((await checkBadge()).pathOf(2, 'svg')),
    it_rejects_bad_format: async () =>
      expect((await app.request((await checkBadge()).pathOf(2, 'jsonfoo'))).status).toBe(404),
    it_handles_options: async () => {
      const response = await app.request((await checkBadge()).pathOf(2, 'svg'), { method: 'OPTIONS' })
      expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
    },
    it_handles_new: async () => counts((await checkBadge()).pathOf(2, 'json'), 'up', 0, 0),
    async it_ignores_started_when_down() {
      const { pathOf, ping, uuid } = await checkBadge()
      await ping(uuid, '/fail')
      await ping(uuid, '/start')
      await counts(pathOf(2, 'json'), 'down', 0, 1)
    },
    it_treats_late_as_up: async () => counts((await checkBadge('late')).pathOf(2, 'json'), 'up', 1, 0),
    late_mode_returns_late_status: async () => counts((await checkBadge('late')).pathOf(3, 'json'), 'late', 1, 0),
    async late_mode_ignores_started_when_late() {
      const { pathOf, ping, uuid } = await checkBadge('late')
      await ping(uuid, '/start')
      await counts(pathOf(3, 'json'), 'late', 1, 0)
    },
    async it_returns_shields_json() {
      const response = await app.request((await checkBadge()).pathOf(2, 'shields'))
      expect(await response.json()).toEqual({ schemaVersion: 1, label: 'foobar', message: 'up', color: 'success' })
    },
  },
  status: {
    async it_works() {
      const response = await app.request('/api/v1/status/')
      expect([response.status, await response.text()]).toEqual([200, 'OK'])
    },
  },
}

async function options(path: string, method: string) {
  const { status, headers } = await app.request(path, { method: 'OPTIONS' })
  expect([status, headers.get('access-control-allow-origin')]).toEqual([204, '*'])
  expect(headers.get('access-control-allow-methods')).toContain(method)
}

async function listed(query: string, names: string[]) {
  const { create, get } = await fresh()
  await create(ALICE)
  await create({ name: 'Alice 2', tags: 'a2-tag' })
  const { status, json } = await get(`checks/${query}`)
  expect([status, (json.checks as Document[]).map(({ name }) => name)]).toEqual([200, names])
}

async function created(spec: Json, expected: Json, v = 1) {
  const { get, create } = await fresh()
  const json = await create(spec, v)
  expect(json).toMatchObject(expected)
  expect((await get(`checks/${json.uuid}`)).json).toMatchObject(expected)
  return json
}

async function unique(first: Json, second: Json, field: string) {
  const { create, post, count } = await fresh()
  const { uuid } = await create(first)
  const { status, json } = await post('checks/', { ...second, unique: [field] })
  expect([status, json.uuid, await count()]).toEqual([200, uuid, 1])
  expect(json).toMatchObject(second)
}

async function updated(before: Json, spec: Json, expected: Json, v = 1) {
  const { create, post, get } = await fresh()
  const { uuid } = await create(before)
  const { status, json } = await post(`checks/${uuid}`, spec, v)
  expect(status).toBe(200)
  expect(json).toMatchObject(expected)
  expect((await get(`checks/${uuid}`)).json).toMatchObject(expected)
}

async function unchanged(spec: Json, part: string) {
  const { create, post, get } = await fresh()
  const { uuid } = await create({ name: 'Old', schedule: '5 * * * *' }, 1)
  const before = (await get(`checks/${uuid}`)).json
  const { status, json } = await post(`checks/${uuid}`, spec)
  expect([status, json.error]).toEqual([400, expect.stringContaining(part)])
  expect((await get(`checks/${uuid}`)).json).toEqual(before)
}

async function missingKey(method: string, path: string) {
  const { status, json } = await (await fresh()).ask(method, `/api/v1/${path}`, undefined, null)
  expect([status, json.error]).toEqual([401, 'missing api key'])
}

async function readOnlyRefused(path: string) {
  const { create, get, ro } = await fresh()
  const { uuid } = await create()
  expect((await get(`checks/${uuid}/${path}`, ro)).status).toBe(401)
}

async function bodyOf(body: string) {
  const { create, ping, get } = await fresh()
  const { uuid } = await create()
  await ping(uuid, '', { method: 'POST', body })
  return get(`checks/${uuid}/pings/1/body`)
}

async function flipsOf(query = '') {
  const { create, ping, get } = await fresh()
  const { uuid } = await create()
  await ping(uuid)
  return get(`checks/${uuid}/flips/${query}`)
}

/** A check that is late: due, and within its grace period. */
async function makeLate(h: Fresh, uuid: string) {
  await h.ping(uuid)
  app.state.prepare('update checks set late_at = ? where uuid = ?').run(app.clock.now() - 1, uuid)
  app.state.forget('checks by uuid')
}

async function tagBadges(tags: string, state?: 'late') {
  const h = await fresh()
  const { uuid } = await h.create({ tags })
  if (state) await makeLate(h, uuid)
  const badges = (await h.get('badges/')).json.badges as { [tag: string]: { [format: string]: string } }
  const pathOf = (format: string, tag = 'foo') => new URL(badges[tag]![format]!).pathname
  return { ...h, uuid, pathOf }
}

async function checkBadge(state?: 'late') {
  const h = await fresh()
  const { uuid, badge_url } = await h.create({ name: 'foobar' })
  if (state) await makeLate(h, uuid)
  const path = new URL(String(badge_url)).pathname
  return {
    ...h,
    uuid,
    pathOf: (states: number, format: string) => path.replace('/2/', `/${states}/`).replace('svg', format),
  }
}

async function isSvg(path: string) {
  const { status, headers, ...response } = await app.request(path).then(async answer => ({
    status: answer.status,
    headers: answer.headers,
    text: await answer.text(),
  }))
  expect([status, headers.get('content-type'), headers.get('access-control-allow-origin')]).toEqual([
    200,
    'image/svg+xml',
    '*',
  ])
  expect(headers.get('cache-control')).toContain('no-cache')
  expect(response.text).toContain('#4c1')
}

async function counts(path: string, status: string, grace: number, down: number) {
  expect(await (await app.request(path)).json()).toEqual({ status, total: 1, grace, down })
}

describe.each(Object.entries(TESTS))('test_%s.py', (file, tests) => {
  it.each(Object.entries(tests))('test_%s', async (name, test) => {
    await test()
    held.add(`${file}.${name}`)
  })
})

it('a name of several lines is one line for commands, and as it was sent for the API', async () => {
  const { create, ping, project } = await fresh()
  const { uuid, name } = await create({ name: ' nightly\n\u202ebackup\u200b ' })
  expect(name).toBe(' nightly\n\u202ebackup\u200b ')
  await ping(uuid, '/fail', { method: 'POST', body: 'disk full' })
  expect(await app.answerText(`checks output "nightly backup" --project ${project}`)).toContain('disk full')
})

it('holds all of the cases of Healthchecks but those that are named here, each with its reason', () => {
  const all = Object.entries(CASES).flatMap(([file, names]) => names.split(' ').map(name => `${file}.${name}`))
  expect(all.filter(name => !held.has(name)).sort()).toEqual(Object.keys(NOT_HELD).sort())
  expect([...held].filter(name => !all.includes(name))).toEqual([])
  expect([all.length, held.size]).toEqual([209, 194])
})
