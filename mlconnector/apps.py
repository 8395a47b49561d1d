from django.apps import AppConfig


class MLConnectorConfig(AppConfig):
    name = "mlconnector"
    verbose_name = "ml-connector"

    def ready(self) -> None:
        from mlconnector import checks

        checks.register()
