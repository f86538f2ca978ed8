ALTER TABLE `remote_logs` ADD `failures` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `remote_logs` ADD `failing_since` integer;--> statement-breakpoint
ALTER TABLE `remote_logs` ADD `failed_at` integer;--> statement-breakpoint
ALTER TABLE `remote_logs` ADD `lost_at` integer;