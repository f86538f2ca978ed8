// Ruby: Logger and Rails, Sidekiq, Puma, Semantic Logger.
import type { TextFormat } from '../format.ts'
import { REST } from '../words.ts'

const LEVEL = '(?<level>DEBUG|INFO|WARN|ERROR|FATAL|ANY|UNKNOWN)'

export const RUBY: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'rails-tags',
    title: "Rails with the request's id before each line, as its tagged logging writes it",
    after: 'start',
    first: '[',
    pattern: /^\[(?<request_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\] (?<message>.*)$/s,
    isPrefix: true,
    examples: [
      {
        text: '[550e8400-e29b-41d4-a716-446655440000] Completed 500 Internal Server Error in 12ms (Views: 1.0ms)',
        level: 'error',
        time: null,
        message: 'Completed 500 Internal Server Error in 12ms (Views: 1.0ms)',
        attributes: { request_id: '550e8400-e29b-41d4-a716-446655440000' },
      },
      {
        text: "[550e8400-e29b-41d4-a716-446655440000]   \n[550e8400-e29b-41d4-a716-446655440000] NoMethodError (undefined method 'pay' for nil):\n[550e8400-e29b-41d4-a716-446655440000]   \n[550e8400-e29b-41d4-a716-446655440000] app/controllers/orders_controller.rb:3:in 'create'\n[550e8400-e29b-41d4-a716-446655440000] lib/auth.rb:4:in 'call'",
        level: 'error',
        time: null,
        message: "NoMethodError (undefined method 'pay' for nil):",
        stack: "app/controllers/orders_controller.rb:3:in 'create'\nlib/auth.rb:4:in 'call'",
      },
    ],
  },
  {
    kind: 'text',
    name: 'ruby-logger',
    title: "Ruby's Logger, Rails, Unicorn",
    after: 'start',
    first: 'DIWEFAU',
    has: '-- ',
    pattern: new RegExp(
      String.raw`^[DIWEFAU], \[(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}(?:Z|[+-]\d\d:?\d\d)?) #(?<pid>\d{1,8})\] {1,2}${LEVEL} -- (?<logger>[^:]{0,80}(?:::[^: ]{1,60}){0,5}): (?:\[(?<request_id>[0-9a-f]{8}-[0-9a-f-]{27})\] )?${REST}`,
      's',
    ),
    levels: { ANY: 'info', UNKNOWN: 'info' },
    examples: [
      {
        text: 'E, [2026-11-29T10:00:01.123456 #7] ERROR -- : no stock',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        attributes: { pid: 7 },
      },
      {
        text: 'I, [2026-11-29T10:00:01.123456 #7]  INFO -- shop: started',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'started',
        attributes: { logger: 'shop' },
      },
      {
        text: 'F, [2026-11-29T10:00:01.123456 #7] FATAL -- : [550e8400-e29b-41d4-a716-446655440000] ActionController::RoutingError (No route matches [GET] "/x"):',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'ActionController::RoutingError (No route matches [GET] "/x"):',
        attributes: { request_id: '550e8400-e29b-41d4-a716-446655440000' },
      },
      {
        text: "E, [2026-11-29T10:00:01.123456 #7] ERROR -- : no stock (StockError)\n/app/cart.rb:10:in `pay'\n/app/main.rb:1:in `run'",
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock (StockError)',
        stack: "/app/cart.rb:10:in `pay'",
      },
      {
        text: "F, [2026-11-29T10:00:01.123456 #7] FATAL -- : [550e8400-e29b-41d4-a716-446655440000]   \n[550e8400-e29b-41d4-a716-446655440000] NoMethodError (undefined method 'pay' for nil):\n[550e8400-e29b-41d4-a716-446655440000]   \n[550e8400-e29b-41d4-a716-446655440000] app/controllers/orders_controller.rb:3:in 'create'",
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: "NoMethodError (undefined method 'pay' for nil):",
        stack: "app/controllers/orders_controller.rb:3:in 'create'",
        attributes: { pid: 7, request_id: '550e8400-e29b-41d4-a716-446655440000' },
      },
      {
        text: "F, [2026-11-29T10:00:01.123456 #7] FATAL -- :   \nZeroDivisionError (divided by 0):\n  \napp/models/cart.rb:3:in 'total'",
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'ZeroDivisionError (divided by 0):',
        stack: "app/models/cart.rb:3:in 'total'",
      },
      {
        text: 'W, [2026-11-29T10:00:01.123456 #7]  WARN -- : slow',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow',
      },
    ],
  },
  {
    kind: 'text',
    name: 'sidekiq',
    title: 'Sidekiq',
    after: 'time',
    first: 'p0-9',
    has: 'tid=',
    pattern: new RegExp(
      String.raw`^pid=(?<pid>\d{1,8}) tid=(?<tid>\S{1,40})(?: class=(?<class>\S{1,120}))?(?: jid=(?<jid>\S{1,60}))?(?<context>(?: [\w.]{1,40}=\S{1,200}){0,20}) ${LEVEL}: ${REST}`,
      's',
    ),
    examples: [
      {
        text: '2026-11-29T10:00:01.123Z pid=7 tid=abc class=PayJob jid=0123456789abcdef01234567 elapsed=1.234 ERROR: fail',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'fail',
        attributes: { pid: 7, tid: 'abc', class: 'PayJob' },
      },
      {
        text: '2026-11-29T10:00:01.123Z pid=7 tid=abc INFO: Booted Rails 8.0.0 application in production environment',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Booted Rails 8.0.0 application in production environment',
      },
      {
        text: '2026-11-29T10:00:01.123Z pid=7 tid=abc WARN: StockError: no stock',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'StockError: no stock',
      },
    ],
  },
  {
    kind: 'text',
    name: 'sidekiq-pretty',
    title: 'Sidekiq 7 and 8: LEVEL time pid=… tid=…: message',
    after: 'start',
    first: 'A-Z',
    has: 'tid=',
    pattern: new RegExp(
      String.raw`^${LEVEL} {1,2}(?<time>\d{4}-\d\d-\d\dT[\d:.]{8,18}Z) pid=(?<pid>\d{1,8}) tid=(?<tid>[^\s:]{1,40})(?<context>(?: [\w.]{1,40}=[^\s:]{1,200}){0,20}): ${REST}`,
      's',
    ),
    examples: [
      {
        text: 'ERROR 2026-11-29T10:00:01.123Z pid=7 tid=abc class=PayJob jid=0123: no stock',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        attributes: { pid: 7 },
      },
      {
        text: 'INFO  2026-11-29T10:00:01.123Z pid=7 tid=abc: started',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'started',
      },
    ],
  },
  {
    kind: 'text',
    name: 'sidekiq-old',
    title: 'Sidekiq before version 6',
    after: 'time',
    first: '0-9',
    has: 'TID-',
    pattern: new RegExp(
      String.raw`^(?<pid>\d{1,8}) TID-(?<tid>\w{1,40})(?: (?<class>\S{1,120}) JID-(?<jid>\w{1,60}))? ${LEVEL}: ${REST}`,
      's',
    ),
    examples: [
      {
        text: '2026-11-29T10:00:01.123Z 7 TID-abc PayJob JID-0123456789abcdef01234567 ERROR: fail: 1.2 sec',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'fail: 1.2 sec',
        attributes: { class: 'PayJob' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'semantic-logger',
    title: 'Semantic Logger: E [pid:thread file:line] Name -- message',
    after: 'time',
    first: 'TDIWEF',
    has: ' -- ',
    pattern: new RegExp(
      String.raw`^(?<level>[TDIWEF]) \[(?<pid>\d{1,8}):(?<thread>[^\]]{1,100})\] (?:\[[^\]]{0,200}\] )?(?:\([^)]{1,20}\) )?(?<logger>[\w:]{1,120}) -- ${REST}`,
      's',
    ),
    examples: [
      {
        text: '2026-11-29 10:00:01.123456 E [7:puma srv tp 001 cart.rb:42] Shop::Cart -- no stock',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
        attributes: { pid: 7, logger: 'Shop::Cart' },
      },
    ],
  },
  {
    kind: 'text',
    name: 'rails-completed',
    title: 'Rails: Completed 500 Internal Server Error',
    after: 'start',
    first: 'C',
    has: 'Completed ',
    pattern: /^Completed (?<status>\d{3}) [\w' -]{0,60}in (?<duration_ms>[\d.]{1,10})ms/,
    examples: [
      {
        text: 'Completed 500 Internal Server Error in 7ms (ActiveRecord: 1.2ms)',
        level: 'error',
        time: null,
        message: 'Completed 500 Internal Server Error in 7ms (ActiveRecord: 1.2ms)',
        attributes: { status: 500, duration_ms: 7 },
      },
      { text: 'Completed 200 OK in 7ms', level: 'info', time: null, message: 'Completed 200 OK in 7ms' },
    ],
  },
]
