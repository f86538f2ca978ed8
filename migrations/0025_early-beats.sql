ALTER TABLE `beats` ADD `output_bytes` integer;--> statement-breakpoint
ALTER TABLE `checks` ADD `every_days` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `checks` ADD `early` integer;--> statement-breakpoint
ALTER TABLE `checks` ADD `watch_duration` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `checks` ADD `watch_size` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `checks` ADD `early_ms` integer;--> statement-breakpoint
ALTER TABLE `checks` ADD `early_beats` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `checks_early` ON `checks` (`early_ms`) WHERE early_beats > 2;