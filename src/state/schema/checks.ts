// The tables of checks, their beats, and the times when no beat could arrive.
import { SEVERITIES } from '../../severity.ts'
import { blob, index, integer, sql, sqliteTable, text, uniqueIndex } from '../orm.ts'
import { flag } from './flag.ts'
import { projects } from './projects.ts'

/**
 * When no beat is expected: whole days (from, to) by the wall clock of the check, the last one not included, as `2026-12-24`;
 * and times (from, to) in epoch ms.
 */
export type Exceptions = { days: (readonly [string, string])[]; times: (readonly [number, number])[] }

/** The calendars of `except`, as they were last read. */
export const calendars = sqliteTable('calendars', {
  /** The path or URL. */
  source: text().primaryKey(),
  exceptions: text({ mode: 'json' }).$type<Exceptions>(),
  /** When it was last read whole, and since when (and why) it cannot be read. */
  readAt: integer('read_at'),
  failedAt: integer('failed_at'),
  error: text(),
  /** When it is read again. */
  nextReadAt: integer('next_read_at').notNull(),
})

export const checks = sqliteTable(
  'checks',
  {
    id: integer().primaryKey(),
    projectId: integer('project_id')
      .notNull()
      .references(() => projects.id, { onDelete: 'cascade' }),
    uuid: text().notNull().unique(),
    name: text().notNull(),
    slug: text().notNull(),
    /** Either `every` is set, or `cron` or `onCalendar` or both, with one expression a line. */
    every: integer(),
    /** How many whole days of `every` follow the wall clock of the time zone. */
    everyDays: integer('every_days').notNull().default(0),
    cron: text(),
    onCalendar: text('on_calendar'),
    /** The days on which no beat is expected, as people named them: dates, and a file or URL of a calendar. */
    except: text(),
    /** What `except` means: read from its calendars once a day. */
    exceptions: text({ mode: 'json' }).$type<Exceptions>(),
    timeZone: text('time_zone').notNull(),
    grace: integer().notNull(),
    /** How early a beat may come and still count for its due time; null is the default, 0 is never. */
    early: integer(),
    maxRuntime: integer('max_runtime'),
    /** Misses in a row that make it down. */
    after: integer().notNull().default(1),
    active: text(),
    methods: text({ enum: ['', 'POST'] })
      .notNull()
      .default(''),
    startKeywords: text('start_keywords').notNull().default(''),
    successKeywords: text('success_keywords').notNull().default(''),
    failureKeywords: text('failure_keywords').notNull().default(''),
    defaultFail: flag('default_fail'),
    manualResume: flag('manual_resume'),
    host: text(),
    dependsOn: text('depends_on'),
    /** Its beats reach Vakt without the internet: it is judged while Vakt is offline too. */
    lan: flag('lan'),
    /** Warn about a run that takes clearly longer or shorter than usual, or whose output is clearly smaller. */
    watchDuration: flag('watch_duration'),
    watchSize: flag('watch_size'),
    /** Vakt probes it itself (see `probes`) and expects no beats. */
    probed: flag('probed'),
    /** The satellite that its last beat came through; null for one that came here. */
    satelliteId: integer('satellite_id'),
    severity: text({ enum: SEVERITIES }).notNull(),
    owner: text(),
    remindEvery: integer('remind_every'),
    /** The title of its alerts, with placeholders such as `{check}`; null is the usual one. */
    alertTitle: text('alert_title'),
    /** A note for the card of its alerts: what to do, where the runbook is. */
    alertNote: text('alert_note'),
    status: text({ enum: ['new', 'up', 'down', 'paused'] }).notNull(),
    /** Misses and failures in a row since the last success. */
    misses: integer().notNull().default(0),
    /** When the last miss or failure was due or came, and which it was. */
    missedAt: integer('missed_at'),
    missKind: text('miss_kind', { enum: ['silent', 'failed', 'unfinished'] }),
    /** Last success or failure. */
    lastBeatAt: integer('last_beat_at'),
    lastStartAt: integer('last_start_at'),
    lastStartRid: text('last_start_rid'),
    lastDuration: integer('last_duration'),
    /** How early the last success or failure came for its due time (null: it was not early), and how many in a row were. */
    earlyMs: integer('early_ms'),
    earlyBeats: integer('early_beats').notNull().default(0),
    /** When the next beat is due, and when its absence is a miss. */
    lateAt: integer('late_at'),
    downAt: integer('down_at'),
    beats: integer().notNull().default(0),
    createdAt: integer('created_at').notNull(),
  },
  table => [
    index('checks_early').on(table.earlyMs).where(sql`early_beats > 2`),
    index('checks_down_at').on(table.downAt).where(sql`down_at is not null`),
    index('checks_slug').on(table.projectId, table.slug),
    uniqueIndex('checks_name').on(table.projectId, table.name),
    index('checks_host').on(table.host, table.projectId).where(sql`host is not null`),
    index('checks_satellite').on(table.satelliteId).where(sql`satellite_id is not null`),
    index('checks_depends_on').on(table.projectId, table.dependsOn).where(sql`depends_on is not null`),
  ],
)

export const beats = sqliteTable(
  'beats',
  {
    id: integer().primaryKey(),
    checkId: integer('check_id')
      .notNull()
      .references(() => checks.id, { onDelete: 'cascade' }),
    kind: text({ enum: ['success', 'start', 'fail', 'log', 'ignored'] }).notNull(),
    receivedAt: integer('received_at').notNull(),
    method: text().notNull(),
    scheme: text().notNull(),
    remoteAddress: text('remote_address').notNull(),
    userAgent: text('user_agent').notNull(),
    exitStatus: integer('exit_status'),
    rid: text(),
    duration: integer(),
    /** How many bytes came; `body` holds the first of them. */
    bodyBytes: integer('body_bytes').notNull(),
    body: blob({ mode: 'buffer' }),
    /** The size of what the run made, in bytes, when the beat reports it (`?size=`). */
    outputBytes: integer('output_bytes'),
  },
  table => [index('beats_check').on(table.checkId, table.id)],
)

/** Times when Vakt could not have received a beat. */
export const downtimes = sqliteTable(
  'downtimes',
  {
    id: integer().primaryKey(),
    from: integer('from_at').notNull(),
    to: integer('to_at').notNull(),
    /** `storage`: no beat could be stored; `log-storage`: no log line; `takeover`: until this Vakt took over from another one. */
    kind: text({ enum: ['stopped', 'asleep', 'offline', 'storage', 'log-storage', 'takeover'] }).notNull(),
  },
  table => [index('downtimes_to').on(table.to)],
)
