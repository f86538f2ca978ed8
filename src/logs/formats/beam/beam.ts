// Elixir's and Erlang's loggers, and the reports of OTP.
import type { TextFormat } from '../format.ts'
import { REST } from '../words.ts'

const LEVEL = '(?<level>debug|info|notice|warn|warning|error|critical|alert|emergency)'

export const BEAM: readonly TextFormat[] = [
  {
    kind: 'text',
    name: 'elixir-logger',
    title: "Elixir's Logger: time metadata [level] message",
    after: 'time',
    first: 'a-z[',
    has: ']',
    pattern: new RegExp(
      String.raw`^(?<metadata>(?:[a-z_]{1,40}=\S{1,200} ){0,10})\[${LEVEL}\] {1,3}(?:(?<process><[\d.]{3,30}>)(?:@(?<caller>[\w.:@\/]{1,150}))? )?${REST}`,
      's',
    ),
    isGeneral: true,
    examples: [
      {
        text: '10:00:01.123 [error] no stock',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no stock',
      },
      {
        text: '10:00:01.123 request_id=F0abc [info] Sent 200 in 7ms',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Sent 200 in 7ms',
      },
      {
        text: '10:00:01.123 [warning] slow',
        level: 'warn',
        time: '2026-11-29T10:00:01.123Z',
        message: 'slow',
      },
      {
        text: '10:00:01.123 [error] GenServer #PID<0.123.0> terminating\n** (RuntimeError) no stock\n    (shop 0.1.0) lib/shop/cart.ex:10: Shop.Cart.pay/1\n    (stdlib 5.0) gen_server.erl:1123: :gen_server.try_handle_call/4\nLast message (from #PID<0.1.0>): :pay\nState: %{}\n10:00:02.000 [info] fine',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'GenServer #PID<0.123.0> terminating',
        stack: '** (RuntimeError) no stock\n    (shop 0.1.0) lib/shop/cart.ex:10: Shop.Cart.pay/1',
      },
      {
        text: '10:00:01.123 [error] #PID<0.1.0> running ShopWeb.Endpoint (connection_pid: #PID<0.2.0>, stream_id: 1) terminated\nServer: localhost:4000 (http)\nRequest: GET /pay\n** (exit) an exception was raised:\n    ** (RuntimeError) no stock\n        (shop 0.1.0) lib/shop/cart.ex:10: Shop.Cart.pay/1',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: '#PID<0.1.0> running ShopWeb.Endpoint (connection_pid: #PID<0.2.0>, stream_id: 1) terminated',
        stack: 'Server: localhost:4000 (http)\nRequest: GET /pay\n** (exit)',
      },
      {
        text: '2026-11-29 10:00:01.123 [critical] <0.123.0>@shop_cart:pay:42 no disk',
        level: 'fatal',
        time: '2026-11-29T10:00:01.123Z',
        message: 'no disk',
      },
    ],
  },
  {
    kind: 'text',
    name: 'otp-report',
    title: 'Reports of Erlang/OTP',
    after: 'start',
    first: '=',
    has: ' REPORT==== ',
    pattern: new RegExp(
      String.raw`^=(?<level>ERROR|CRASH|SUPERVISOR|WARNING|INFO|PROGRESS|DEBUG|NOTICE|CRITICAL) REPORT==== (?<time>\d{1,2}-[A-Z][a-z]{2}-\d{4}::[\d:.]{8,15}(?: UTC)?) ===(?: ${REST.replace('$', '')})?$`,
      's',
    ),
    levels: { CRASH: 'error', SUPERVISOR: 'error', PROGRESS: 'info' },
    examples: [
      {
        text: '=ERROR REPORT==== 29-Nov-2026::10:00:01 ===\n** Generic server shop_cart terminating\n** Last message in was pay\n** Reason for termination ==\n** {badmatch,error}\n\n=INFO REPORT==== 29-Nov-2026::10:00:02 ===\n    fine',
        level: 'error',
        time: '2026-11-29T10:00:01Z',
        message: '** Generic server shop_cart terminating',
        stack: '** Last message in was pay\n** Reason for termination ==\n** {badmatch,error}',
      },
      {
        text: '=CRASH REPORT==== 29-Nov-2026::10:00:01.123456 ===\n  crasher:\n    initial call: shop_cart:init/1',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'crasher:',
        stack: '    initial call: shop_cart:init/1',
      },
      {
        text: '=PROGRESS REPORT==== 29-Nov-2026::10:00:01 ===\n    application: shop',
        level: 'info',
        time: '2026-11-29T10:00:01Z',
        message: 'application: shop',
      },
    ],
  },
  {
    kind: 'text',
    name: 'erlang-logger',
    title: "Erlang's logger since OTP 21: time level: message",
    after: 'time',
    first: 'a-z',
    has: ': ',
    pattern: new RegExp(String.raw`^(?<level>notice|critical|alert|emergency): ${REST}`, 's'),
    examples: [
      {
        text: '2026-11-29T11:00:01.123456+01:00 notice: application started',
        level: 'info',
        time: '2026-11-29T10:00:01.123Z',
        message: 'application started',
      },
      {
        text: '2026-11-29T10:00:01.123456+00:00 error: Error in process <0.1.0> with exit value: {badarith,[]}',
        level: 'error',
        time: '2026-11-29T10:00:01.123Z',
        message: 'Error in process <0.1.0> with exit value: {badarith,[]}',
      },
    ],
  },
]
