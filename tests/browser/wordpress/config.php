<?php
// WordPress of Debian, with the database, the folder and the address that `wordpress.test.mjs` gives.
define( 'ABSPATH', '/usr/share/wordpress/' );
define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', 'root' );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', 'localhost:' . getenv( 'DATABASE_SOCKET' ) );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'WP_CONTENT_DIR', getenv( 'CONTENT' ) );
define( 'WP_HOME', getenv( 'SITE' ) );
define( 'WP_SITEURL', getenv( 'SITE' ) );
define( 'TALLYSHIP_SERVER', getenv( 'TALLYSHIP' ) );
define( 'DISABLE_WP_CRON', true );
define( 'WP_DEBUG', true );
define( 'WP_DEBUG_DISPLAY', true );
$table_prefix = 'wp_';
require ABSPATH . 'wp-settings.php';
