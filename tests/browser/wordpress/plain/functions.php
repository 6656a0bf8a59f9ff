<?php
// WordPress asks no oEmbed provider on loopback or at an unusual port; in this test it is there.
add_filter( 'http_request_host_is_external', '__return_true' );
add_filter( 'http_allowed_safe_ports', fn( $ports, $host, $url ) => array_merge( $ports, array( parse_url( $url, PHP_URL_PORT ) ) ), 10, 3 );
