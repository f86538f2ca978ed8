// PostgreSQL and its poolers: `log_line_prefix` in its usual forms, csvlog and jsonlog.
import type { Fields, Format } from '../format.ts'

const LEVEL =
  '(?<level>LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG[1-5]?|STATEMENT|DETAIL|HINT|CONTEXT|QUERY|LOCATION)'
const PID = String.raw`\[(?<pid>\d{1,10})(?:-(?<line>\d{1,9}))?\]`
const USER = String.raw`(?<user>[\w.\[\]-]{0,63})@(?<database>[\w.\[\]-]{0,63})`
/** `log_line_prefix` is free text: what has no name of its own stays together. */
const PREFIX = String.raw`(?<line_prefix>[^"]{0,200}?)`

export const POSTGRES: readonly Format[] = [
  {
    kind: 'text',
    name: 'postgresql',
    title: 'PostgreSQL, TimescaleDB and other servers with its log_line_prefix',
    after: 'time',
    first: '[A-Z0-9a-z>:=(',
    has: ':  ',
    pattern: new RegExp(
      String.raw`^>? ?(?:${PID}:? ?)?(?:\[(?<sequence>\d{1,9}-\d{1,9})\] ?)?(?:${USER} ?)?${PREFIX} ?\b${LEVEL}:  (?:(?<sqlstate>[0-9A-Z]{5}): )?(?<message>.*)$`,
      's',
    ),
    examples: [
      {
        text: '2026-11-29 10:00:01.123 UTC [123] ERROR:  relation "carts" does not exist at character 15',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'relation "carts" does not exist at character 15',
        attributes: { pid: 123 },
      },
      {
        text: '2026-11-29 11:00:01.123 CET [123] app@shop FATAL:  password authentication failed for user "app"',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'password authentication failed for user "app"',
        attributes: { pid: 123, user: 'app', database: 'shop' },
      },
      {
        text: '2026-11-29 10:00:01 UTC [123]: [5-1] user=app,db=shop,app=psql,client=10.0.0.1 WARNING:  there is no transaction in progress',
        level: 'warn',
        time: '2026-11-29T10:00:01Z',
        message: 'there is no transaction in progress',
        attributes: { pid: 123, sequence: '5-1', line_prefix: 'user=app,db=shop,app=psql,client=10.0.0.1' },
      },
      {
        text: '2026-11-29 10:00:01.123 UTC [123-1] app@shop LOG:  duration: 1234.567 ms  statement: SELECT 1',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'duration: 1234.567 ms  statement: SELECT 1',
        attributes: { pid: 123, line: 1, user: 'app', database: 'shop' },
      },
      {
        text: '2026-11-29 10:00:01.123 UTC [1] LOG:  database system is ready to accept connections',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'database system is ready to accept connections',
        attributes: { pid: 1 },
      },
      {
        text: '2026-11-29 10:00:01.123 GMT [77] ERROR:  23505: duplicate key value violates unique constraint "carts_pkey"',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'duplicate key value violates unique constraint "carts_pkey"',
        attributes: { pid: 77, sqlstate: 23505 },
      },
      {
        text: '2026-11-29 10:00:01.123 UTC [123] ERROR:  syntax error at or near "FORM" at character 10\n2026-11-29 10:00:01.123 UTC [123] STATEMENT:  SELECT *\n\tFORM carts\n2026-11-29 10:00:02.000 UTC [123] LOG:  checkpoint starting: time',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'syntax error at or near "FORM" at character 10',
        stack: '2026-11-29 10:00:01.123 UTC [123] STATEMENT:  SELECT *',
        attributes: { pid: 123 },
      },
      {
        text: '2026-11-29 10:00:01.123 UTC [9] PANIC:  could not write to file "pg_wal/xlogtemp.9": No space left on device',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'could not write to file "pg_wal/xlogtemp.9": No space left on device',
        attributes: { pid: 9 },
      },
      {
        text: '2026-11-29 10:00:01.123 UTC [9] HINT:  Use CASCADE to drop the dependent objects too.',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Use CASCADE to drop the dependent objects too.',
        attributes: { pid: 9 },
      },
    ],
  },
  {
    kind: 'text',
    name: 'postgresql-start',
    title: 'PostgreSQL of Amazon RDS, and lines in which the time is not first',
    after: 'start',
    first: '0-9<[A-Z',
    has: ':  ',
    pattern: new RegExp(
      String.raw`^(?:(?:\[(?<sequence>\d{1,9}-\d{1,9})\] )?${LEVEL}:  (?<message>.*)|(?:< ?)?(?<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{3})?(?: [A-Z]{2,5}| ?[+-]\d\d(?::?\d\d)?)?)(?: >|:(?<client>[\w.:()-]{0,100}):${USER}:${PID}:)${LEVEL}:  (?<message>.*))$`,
      's',
    ),
    isGeneral: true,
    examples: [
      {
        text: '2026-11-29 10:00:01 UTC:10.0.0.1(43210):app@shop:[123]:ERROR:  canceling statement due to statement timeout',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: 'canceling statement due to statement timeout',
        attributes: { client: '10.0.0.1(43210)', user: 'app', database: 'shop', pid: 123 },
      },
      {
        text: '2026-11-29 10:00:01 UTC::@:[5]:LOG:  checkpoint complete',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'checkpoint complete',
        attributes: { pid: 5 },
      },
      {
        text: '< 2026-11-29 10:00:01.123 UTC >LOG:  autovacuum launcher started',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'autovacuum launcher started',
      },
      {
        text: 'Nov 29 10:00:01 db-1 postgres[123]: [5-1] ERROR:  deadlock detected',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        source: 'postgres',
        host: 'db-1',
        message: 'deadlock detected',
        attributes: { pid: 123, sequence: '5-1' },
      },
      {
        text: 'ERROR:  null value in column "id" violates not-null constraint',
        level: 'error',
        time: null,
        message: 'null value in column "id" violates not-null constraint',
      },
    ],
  },
  {
    kind: 'text',
    name: 'postgresql-csv',
    title: 'csvlog of PostgreSQL',
    after: 'time',
    first: '",',
    has: ',',
    pattern:
      /^"?(?<user>[^",]{0,63})"?,"?(?<database>[^",]{0,63})"?,(?<pid>\d{0,10}),"?(?<client>[^",]{0,100})"?,(?<session>[0-9a-f.]{0,30}),(?<line>\d{0,10}),"?(?<command>[^",]{0,100})"?,(?<session_start>[^,]{0,40}),(?<vxid>[\d/-]{0,30}),(?<xid>\d{0,20}),(?<level>[A-Z]{3,9}[1-5]?),(?<sqlstate>\w{5}),(?:"(?<message>(?:[^"]|""){0,60000})")?(?<details>,.{0,60000})?$/s,
    examples: [
      {
        text: '2026-11-29 10:00:01.123 UTC,"app","shop",123,"10.0.0.1:5432",65f0a1b2.7b,3,"SELECT",2026-11-29 09:59:00 UTC,4/12,0,ERROR,42P01,"relation ""carts"" does not exist",,,,,,"SELECT * FROM carts",15,,"psql","client backend",,0',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'relation ""carts"" does not exist',
        attributes: {
          user: 'app',
          database: 'shop',
          pid: 123,
          client: '10.0.0.1:5432',
          session: '65f0a1b2.7b',
          line: 3,
          command: 'SELECT',
          session_start: '2026-11-29 09:59:00 UTC',
          vxid: '4/12',
          xid: 0,
          sqlstate: '42P01',
          details: ',,,,,,"SELECT * FROM carts",15,,"psql","client backend",,0',
        },
      },
      {
        text: '2026-11-29 10:00:01.123 UTC,,,1,,65f0a1b2.1,2,,2026-11-29 09:59:00 UTC,,0,LOG,00000,"database system is ready to accept connections",,,,,,,,,"","postmaster",,0',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'database system is ready to accept connections',
        attributes: {
          pid: 1,
          session: '65f0a1b2.1',
          line: 2,
          session_start: '2026-11-29 09:59:00 UTC',
          xid: 0,
          sqlstate: '00000',
          details: ',,,,,,,,,"","postmaster",,0',
        },
      },
    ],
  },
  {
    kind: 'record',
    name: 'postgresql-json',
    title: 'jsonlog of PostgreSQL',
    names: ['error_severity', 'message'],
    read: ({ error_severity, ...rest }: Fields) => ({ ...rest, level: error_severity }),
    examples: [
      {
        text: '{"timestamp":"2026-11-29 10:00:01.123 UTC","user":"app","dbname":"shop","pid":123,"error_severity":"ERROR","state_code":"42P01","message":"relation \\"carts\\" does not exist","statement":"SELECT 1","backend_type":"client backend"}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'relation "carts" does not exist',
        attributes: {
          user: 'app',
          dbname: 'shop',
          pid: 123,
          state_code: '42P01',
          statement: 'SELECT 1',
          backend_type: 'client backend',
        },
      },
      {
        text: '{"timestamp":"2026-11-29 10:00:01.123 UTC","pid":1,"error_severity":"LOG","message":"ready","backend_type":"postmaster"}',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'ready',
        attributes: { pid: 1, backend_type: 'postmaster' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'pgbouncer',
    title: 'PgBouncer and Odyssey',
    after: 'time',
    first: '[A-Z0-9',
    has: ' ',
    pattern:
      /^(?:\[(?<pid>\d{1,10})\] |(?<pid>\d{1,10}) (?=[A-Z]{3,7} (?:[CS]-0x|process up|kernel file)))(?<level>DEBUG|NOISE|LOG|WARNING|ERROR|FATAL) (?<message>.*)$/s,
    levels: { NOISE: 'trace' },
    isGeneral: true,
    examples: [
      {
        text: '2026-11-29 10:00:01.123 UTC [123] LOG C-0x55d0: shop/app@10.0.0.1:5432 login attempt: db=shop user=app tls=no',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'C-0x55d0: shop/app@10.0.0.1:5432 login attempt: db=shop user=app tls=no',
        attributes: { pid: 123 },
      },
      {
        text: '2026-11-29 10:00:01.123 UTC [123] WARNING C-0x55d0: shop/app@10.0.0.1:5432 pooler error: no more connections allowed',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'C-0x55d0: shop/app@10.0.0.1:5432 pooler error: no more connections allowed',
        attributes: { pid: 123 },
      },
      {
        text: '2026-11-29 10:00:01.123 123 ERROR S-0x1: closing because: server conn crashed?',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'S-0x1: closing because: server conn crashed?',
        attributes: { pid: 123 },
      },
    ],
  },
]
