import socket

import pytest


def test_a_unit_test_that_opens_a_socket_fails() -> None:
    with pytest.raises(Exception, match="a unit test opened a socket"):
        socket.create_connection(("127.0.0.1", 9))
