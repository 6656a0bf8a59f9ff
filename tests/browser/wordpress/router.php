<?php
// What `index.php` of WordPress does, but with the configuration beside this file.
define( 'WP_USE_THEMES', true );
if ( is_file( '/usr/share/wordpress' . parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH ) ) ) {
	return false;
}
require __DIR__ . '/config.php';
wp();
require ABSPATH . WPINC . '/template-loader.php';
