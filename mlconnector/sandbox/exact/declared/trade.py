"""Purchase orders and sales invoices.

Facts of the vendor's REST reference (read 2025-07): names, types and marks; entity.py reads them.
"""

FIELDS = {
    "purchaseorder/PurchaseOrders": """
        Guid: PurchaseOrderID* Approver~ Creator DeliveryAccount~ DeliveryAddress~ DeliveryContact~
            Document*~ Modifier PurchaseAgent*~ SalesOrder~ SelectionCode* ShippingMethod*~ Supplier*!~
            SupplierContact*~ Warehouse*~
        String: ApprovalStatusDescription ApproverFullName CreatorFullName Currency*~
            DeliveryAccountCode DeliveryAccountName DeliveryContactPersonFullName Description*~
            DocumentSubject IncotermAddress* IncotermCode* ModifierFullName PaymentCondition*~
            PaymentConditionDescription PurchaseAgentFullName Remarks*~ SelectionCodeCode
            SelectionCodeDescription ShippingMethodCode ShippingMethodDescription SupplierCode
            SupplierContactPersonFullName* SupplierName WarehouseCode WarehouseDescription YourRef*~
        Int16: ApprovalStatus~ IncotermVersion* Source
        Int32: Division InvoiceStatus~ OrderNumber* OrderStatus~ PurchaseOrderLineCount ReceiptStatus~
            SalesOrderNumber
        Double: AmountDC~ AmountFC~ ExchangeRate*~ VATAmount~ AmountDiscount* AmountDiscountExclVat*
            AmountFCExclVat Discount*
        Boolean: DropShipment
        DateTime: Approved~ Created Modified OrderDate*~ ReceiptDate*~
        Collection: PurchaseOrderLines*!
    """,
    "purchaseorder/PurchaseOrderLines": """
        Guid: ID* Creator Expense Item*!~ Modifier Project* PurchaseOrderID*! SalesOrder SalesOrderLine
            ShopOrder ShopOrderMaterialPlan ShopOrderRoutingStepPlan
        String: CostCenter*~ CostCenterDescription CostUnit*~ CostUnitDescription CreatorFullName
            Description*~ ExpenseDescription ItemBarcode ItemCode ItemDescription ModifierFullName
            Notes*~ ProjectCode ProjectDescription SupplierItemCode Unit~ UnitDescription VATCode*~
            VATDescription CustomField ItemBarcodeAdditional
        Int32: Division LineNumber SalesOrderLineNumber SalesOrderNumber ShopOrderMaterialPlanLineNumber
            ShopOrderNumber ShopOrderRoutingStepPlanLineNumber
        Byte: IsBatchNumberItem IsSerialNumberItem SupplierItemCopyRemarks
        Double: AmountDC~ AmountFC~ Discount*~ InStock InvoicedQuantity~ NetPrice*~ ProjectedStock
            Quantity~ QuantityInPurchaseUnits*!~ ReceivedQuantity UnitPrice*~ VATAmount~ VATPercentage*~
        Boolean: ItemDivisable Rebill*
        DateTime: Created Modified ReceiptDate*~
        Collection: ShopOrderMaterialPlans ShopOrderRoutingStepPlans
    """,
    "salesinvoice/SalesInvoices": """
        Guid: InvoiceID*? Creator DeliverTo*~? DeliverToAddress*~? DeliverToContactPerson*~? Document*~?
            InvoiceTo*~? InvoiceToContactPerson*~? Modifier OrderedBy*!~? OrderedByContactPerson*~?
            SalesChannel* Salesperson*~? SelectionCode*? TaxSchedule*? Warehouse*? ShippingMethod*
        String: CreatorFullName Currency*~ DeliverToContactPersonFullName DeliverToName Description*~?
            DocumentSubject IncotermAddress* IncotermCode* InvoiceToContactPersonFullName InvoiceToName
            Journal*!? JournalDescription ModifierFullName OrderedByContactPersonFullName OrderedByName
            PaymentCondition*~ PaymentConditionDescription PaymentReference*~? Remarks*~
            SalesChannelCode SalesChannelDescription SalespersonFullName SelectionCodeCode
            SelectionCodeDescription StarterSalesInvoiceStatusDescription StatusDescription
            TaxScheduleCode TaxScheduleDescription TypeDescription YourRef*~? ShippingMethodCode
            ShippingMethodDescription
        Int16: DiscountType IncotermVersion* StarterSalesInvoiceStatus Status~?
        Int32: Division DocumentNumber InvoiceNumber~? OrderNumber*~? Type*?
        Double: AmountDC~ AmountDiscount*~ AmountDiscountExclVat*~ AmountFC~ AmountFCExclVat~ Discount*~
            ExtraDutyAmountFC*~ GAccountAmountFC* VATAmountDC~ VATAmountFC~ WithholdingTaxAmountFC*~
            WithholdingTaxBaseAmount*~ WithholdingTaxPercentage*~
        Boolean: IsExtraDuty*~
        DateTime: Created? DueDate*~ InvoiceDate~? Modified? OrderDate*~
        Collection: SalesInvoiceLines*! SalesInvoiceOrderChargeLines*
    """,
    "salesinvoice/SalesInvoiceLines": """
        Guid: ID*? Employee*~? GLAccount*!~? InvoiceID*!? Item*!~? Pricelist*~? Project*~? ProjectWBS*
            SalesOrder? SalesOrderLine? Subscription? TaxSchedule*?
        String: CostCenter*~? CostCenterDescription CostUnit*~? CostUnitDescription CustomerItemCode
            Description*~? EmployeeFullName GLAccountDescription ItemCode ItemDescription Notes*~
            PricelistDescription ProjectDescription ProjectWBSDescription SubscriptionDescription
            TaxScheduleCode TaxScheduleDescription UnitCode*~ UnitDescription VATCode*~?
            VATCodeDescription CustomField
        Int32: Division LineNumber? SalesOrderLineNumber SalesOrderNumber
        Double: AmountDC~ AmountFC*~ Discount*~ ExtraDutyAmountFC*~ ExtraDutyPercentage*~ NetPrice*~
            Quantity*~ UnitPrice*~ VATAmountDC*~ VATAmountFC*~ VATPercentage*~
        DateTime: DeliveryDate*~ EndTime*~ StartTime*~
    """,
}
