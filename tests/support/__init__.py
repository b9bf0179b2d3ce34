"""What tests of several layers share: wheels made to order and an HTTPS index to serve them."""
