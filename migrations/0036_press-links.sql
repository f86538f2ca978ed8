CREATE TABLE `press_links` (
	`token_hash` text PRIMARY KEY NOT NULL,
	`line` text NOT NULL,
	`channel_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer
);
--> statement-breakpoint
CREATE INDEX `press_links_expiry` ON `press_links` (`expires_at`);